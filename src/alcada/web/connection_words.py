"""What the connections' pages say of a state, and of a consent that failed."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections.authorisation import AuthorisationError
from alcada.connections.models import Connection
from alcada.connections.rules import their_words

State = Connection.State

TONES: Final = {
    State.NEW: "grey",
    State.CONNECTED: "green",
    State.AUTHORISE: "yellow",
    State.WRONG_COMPANY: "red",
    State.PLAN_REFUSED: "red",
    State.PAUSED: "grey",
}

TODO: Final[dict[str, str | Promise]] = {
    "connect": lazy("Connect it: one click here, one consent at Conta Azul."),
    "authorise": lazy("Authorise it again. What waits is posted as soon as it is connected."),
    "authorise_right_company": lazy(
        "Authorise it again, signed in to Conta Azul as the right company. Nothing was posted to the other one."
    ),
    "mend_plan": lazy("Settle the plan of the account with Conta Azul, then try again here. Postings wait."),
    "resume": lazy("Resume it when postings may go on. What waits is posted then."),
}

# What went wrong with a consent, and what to do about it. The form, or the button, is beside it.
TROUBLES: Final[dict[str, str | Promise]] = {
    "no_application": lazy("The application of this installation is not registered yet."),
    "not_an_address": lazy(
        "There is no code in this. Copy the whole address from the browser's address bar, after you gave the consent."
    ),
    "denied": lazy("The consent was not given at Conta Azul. Begin again when you want to connect."),
    "state_unknown": lazy("This address does not come from a consent that was begun here. Begin again."),
    "state_other": lazy("This address belongs to another connection. Begin again on this one's page."),
    "state_foreign": lazy(
        "Somebody else began this consent. Whoever begins must finish: begin again, with your own sign-in."
    ),
    "state_used": lazy("This address was used already. Each consent is good once: begin again."),
    "state_expired": lazy("This consent was begun more than ten minutes ago. Begin again."),
    "code_refused": lazy(
        "Conta Azul did not accept the code: it is good for three minutes and once. "
        "Paste the address once more if it was not whole; else begin again and come back within three minutes."
    ),
    "application_refused": lazy(
        "Conta Azul did not accept the application's id and secret, or the redirect address. Check the application."
    ),
    "not_reached": lazy("Conta Azul could not be reached. Begin again in a moment."),
    "answer_lost": lazy("The answer of Conta Azul was lost on the way. Begin again."),
    "plan_refused": lazy(
        "The plan of this Conta Azul account does not allow the API. Settle that with Conta Azul first."
    ),
    "account_unnamed": lazy(
        "Conta Azul does not tell this account's CPF or CNPJ, so it can't be compared with the company's. "
        "Fill it in at Conta Azul, in the company's data, and begin again."
    ),
    "several_codes": lazy("There is more than one code in this. Paste the last address only."),
    "authorize_address": lazy(
        "This is the address where the consent begins. Copy the one where the browser ends, after the consent."
    ),
    "erp_login": lazy(
        "Sign in with the user of Conta Azul itself: the consent was given with the Developer Portal's login."
    ),
}


def trouble(error: AuthorisationError) -> str:
    """The sentence for a consent that failed."""
    if error.code == "wrong_company":
        return _(
            "You authorised %(got)s, but this connection belongs to %(expected)s. Nothing was connected. "
            "Sign out of Conta Azul, sign in as %(expected)s, and begin again."
        ) % {"got": error.got, "expected": error.expected}
    if error.code == "account_taken":
        return _(
            "You authorised an account of %(got)s that is connected here already, as “%(name)s”. Nothing was changed. "
            "Sign out of Conta Azul, sign in to the other account, and begin again."
        ) % {"got": error.got, "name": error.expected}
    sentence = str(TROUBLES.get(error.code, _("The consent could not be completed. Begin again.")))
    words = their_words(error.words)
    return f"{sentence} ({words})" if words else sentence
