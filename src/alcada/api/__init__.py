"""The REST API. Rules are the rooms': this room reads a request, asks a guard, calls a verb, and shows the result.

- `door.py`: every request comes in here. Token, pace, language, idempotency, and what is answered to what goes wrong.
  It loads the rest with the first good token: django-ninja and pydantic cost memory that most processes never need.
- `v1.py`: the operations put together, and the OpenAPI document.
- one file per room: entries, inbox, postings, history, directory, companies, routing, mappings.
"""
