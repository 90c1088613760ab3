"""How long a text may be.

Only a person's fields have documented limits (page open-api-docs/open-api-person/v1/criarpessoa, read
2026-11-24). Assumed: an entry's fields take what a person's take, since nothing is documented for them.
"""

from typing import Final

PERSON_NAME: Final = 200
PERSON_TRADE_NAME: Final = 200
PERSON_EMAIL: Final = 100
PERSON_CODE: Final = 20
PERSON_NOTE: Final = 2000

ENTRY_DESCRIPTION: Final = 200
ENTRY_NOTE: Final = 2000
ENTRY_REFERENCE: Final = 100
INSTALMENT_DESCRIPTION: Final = 200
INSTALMENT_NOTE: Final = 2000
COST_CENTRE_NAME: Final = 200
COST_CENTRE_CODE: Final = 20

PAGE_SIZES: Final = (10, 20, 50, 100, 200, 500, 1000)
DEFAULT_PAGE_SIZE: Final = 100
LONGEST_CHANGE_WINDOW_DAYS: Final = 365
# A longer Retry-After than a day can't be meant.
LONGEST_RETRY_AFTER_S: Final = 24 * 60 * 60.0
