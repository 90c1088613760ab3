"""What the page behind a consent link says of one that is over, and of a consent that failed.

Its reader belongs to the account, not to the installation: nothing here names another connection, or its settings.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections.authorisation import AuthorisationError
from alcada.web import connection_words

LINK_OVER: Final[dict[str, str | Promise]] = {
    "used": lazy("This link was used: the account is connected. There is nothing left to do."),
    "revoked": lazy("This link is not good any more: it was withdrawn, or another one was sent instead."),
    "expired": lazy("This link is not good any more: it was open for two weeks. Ask for another one."),
}

LINK_STATES: Final[dict[str, tuple[str | Promise, str]]] = {
    "waiting": (lazy("Being sent"), "blue"),
    "made": (lazy("Made"), "grey"),
    "sent": (lazy("Sent"), "blue"),
    "opened": (lazy("Opened"), "blue"),
    "used": (lazy("Used"), "green"),
    "expired": (lazy("Expired"), "yellow"),
    "revoked": (lazy("Revoked"), "grey"),
}

_ASK: Final = lazy("Something has to be set right by whoever sent you this link. Tell them, then try again.")
_TROUBLES: Final[dict[str, str | Promise]] = {
    "no_application": _ASK,
    "application_refused": _ASK,
    "state_foreign": lazy(
        "This address does not come from a consent that was begun with this link. Begin again."
    ),
    "state_other": lazy(
        "This address does not come from a consent that was begun with this link. Begin again."
    ),
    "state_unknown": lazy(
        "This address does not come from a consent that was begun with this link. Begin again."
    ),
    "account_taken": lazy(
        "The account that you authorised is connected already, and this link is for another one. Nothing was changed. "
        "Sign out of Conta Azul, sign in to the other account, and begin again."
    ),
    "link_over": lazy(
        "This link was withdrawn, or ran out, while you were at Conta Azul. Nothing was connected."
    ),
    "denied": lazy("The consent was not given at Conta Azul. Begin again when you want to connect."),
}


def trouble(error: AuthorisationError) -> str:
    """The sentence for a consent that failed, for the account's owner."""
    if error.code == "wrong_company":
        return _(
            "You authorised %(got)s, but this link is for %(expected)s. Nothing was connected. "
            "Sign out of Conta Azul, sign in as %(expected)s, and begin again."
        ) % {"got": error.got, "expected": error.expected}
    if error.code in _TROUBLES:
        return str(_TROUBLES[error.code])
    return connection_words.trouble(error)
