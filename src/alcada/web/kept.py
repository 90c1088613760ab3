"""What was typed into a long form when the session ended: kept, and brought back once the person is signed in again.

Only a form that we gave to somebody is kept (it carries their signed mark), so a stranger can't fill our database; and
it is given back to that same person only. Files can't be kept: the page says so.
"""

import re
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest, QueryDict

from alcada.people.models import User

FIELD: Final = "kept_for"
# Pages with a long form.
LONG_FORM: Final = re.compile(r"/entries/(new/[a-z]+|\d+/(edit|correct))$")
MOST_SENT: Final = 64 * 1024 * 1024  # with files: more is not even read of somebody who isn't signed in
MOST: Final = 300_000  # characters; a form of 240 rows is far below
_SALT: Final = "alcada.web.kept"
_SESSION: Final = "kept-form"
_AGE: Final = 30 * 24 * 3600
_NOT_TYPED: Final = ("csrfmiddlewaretoken", FIELD)


def mark(user: User) -> str:
    """What the form carries: whose it is."""
    return signing.dumps(user.pk, salt=_SALT)


def keep(request: HttpRequest) -> bool:
    """Put the posted form into the session, be anybody signed in or not. False: it is no form of ours."""
    if request.method != "POST" or not LONG_FORM.match(request.path):
        return False
    sent = request.META.get("CONTENT_LENGTH") or "0"
    if not sent.isdecimal() or int(sent) > MOST_SENT:
        return False
    try:
        whose = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=_AGE)
    except signing.BadSignature:
        return False
    typed = request.POST.copy()
    for name in _NOT_TYPED:
        typed.pop(name, None)
    text = typed.urlencode()
    if len(text) > MOST:
        return False
    request.session[_SESSION] = {
        "for": whose,
        "path": request.path,
        "typed": text,
        "files": bool(request.FILES),
    }
    return True


def take(request: HttpRequest, user: User) -> dict[str, Any] | None:
    """What was kept for this page and this person, once: `typed` (a QueryDict) and whether files were lost."""
    kept = request.session.get(_SESSION)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[_SESSION]
    if kept["for"] != user.pk:
        return None
    return {"typed": QueryDict(kept["typed"]), "files": kept["files"]}
