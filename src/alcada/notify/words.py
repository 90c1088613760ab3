"""What each notice says: in the list, and as a letter. One wording per template, in the language in use when shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alcada.notify.rules import Kind

Text = str | Promise


OPEN: Final[Text] = _("Open it in Alçada")


@dataclass(frozen=True)
class Wording:
    """`sentence` is for the list, the rest for a letter. The texts' names are those of a notice's data."""

    kind: Kind
    tone: str
    sentence: Text
    subject: Text
    lead: Text
    facts: tuple[str, ...] = ()
    button: Text = OPEN
    note: Text = ""


_BRIEF: Final = ("party", "description", "amount")
_ENTRY: Final = (*_BRIEF, "due")
_TO_DECIDE: Final = (*_ENTRY, "category", "entered_by", "step", "why", "documents")
_DECIDE: Final = _("Open it to decide")
_NOTHING_BY_MAIL: Final = _("Nothing is decided by this e-mail: the page asks, and you answer there.")

WORDINGS: Final[dict[str, Wording]] = {
    "asked": Wording(
        Kind.ASKED,
        "blue",
        _("Asks for your decision"),
        _("Approve? %(party)s, %(amount)s, due %(due)s"),
        _("%(name)s, an entry of %(company)s waits for your decision."),
        _TO_DECIDE,
        _DECIDE,
        _NOTHING_BY_MAIL,
    ),
    "correction_asked": Wording(
        Kind.ASKED,
        "blue",
        _("Asks for your decision on a correction"),
        _("Approve the correction? %(party)s, %(amount)s"),
        _(
            "%(name)s, a correction of entry %(number)s of %(company)s waits for your decision. The entry is in Conta "
            "Azul already."
        ),
        ("changes", *_TO_DECIDE),
        _DECIDE,
        _NOTHING_BY_MAIL,
    ),
    "entry_sent_back": Wording(
        Kind.MINE_BACK,
        "yellow",
        _("Sent back by %(who)s"),
        _("Sent back: %(party)s, %(amount)s"),
        _("%(name)s, %(who)s sent entry %(number)s of %(company)s back to you."),
        _ENTRY,
        _("Change it and send it again"),
    ),
    "entry_rejected": Wording(
        Kind.MINE_BACK,
        "red",
        _("Rejected by %(who)s"),
        _("Rejected: %(party)s, %(amount)s"),
        _("%(name)s, %(who)s rejected entry %(number)s of %(company)s."),
        _ENTRY,
    ),
    "correction_sent_back": Wording(
        Kind.MINE_BACK,
        "yellow",
        _("Correction sent back by %(who)s"),
        _("Correction sent back: %(party)s, %(amount)s"),
        _("%(name)s, %(who)s sent your correction of entry %(number)s of %(company)s back to you."),
        _BRIEF,
        _("Change it and send it again"),
    ),
    "correction_rejected": Wording(
        Kind.MINE_BACK,
        "red",
        _("Correction rejected by %(who)s"),
        _("Correction rejected: %(party)s, %(amount)s"),
        _(
            "%(name)s, %(who)s rejected your correction of entry %(number)s of %(company)s. What was approved before "
            "stays."
        ),
        _BRIEF,
    ),
    "entry_to_change": Wording(
        Kind.MINE_BACK,
        "yellow",
        _("Conta Azul would not take it as it is: change it"),
        _("To be changed: %(party)s, %(amount)s"),
        _(
            "%(name)s, entry %(number)s of %(company)s is approved, but Conta Azul would not take it as it is. Nothing "
            "was sent. Change it; it goes through approval again."
        ),
        _ENTRY,
        _("Change it and send it again"),
    ),
    "entry_advanced": Wording(
        Kind.MINE,
        "blue",
        _("Approved by %(who)s; the next step is asked"),
        _("Approved by %(who)s: %(party)s, %(amount)s"),
        _("%(name)s, %(who)s approved entry %(number)s of %(company)s. The next step is asked now."),
        (*_ENTRY, "step"),
    ),
    "entry_posted": Wording(
        Kind.MINE,
        "green",
        _("Posted to Conta Azul"),
        _("Posted to Conta Azul: %(party)s, %(amount)s"),
        _("%(name)s, entry %(number)s of %(company)s stands in Conta Azul."),
        _ENTRY,
    ),
    "entry_stopped": Wording(
        Kind.MINE,
        "yellow",
        _("Its posting stopped: somebody was told to look at it"),
        _("Not in Conta Azul yet: %(party)s, %(amount)s"),
        _(
            "%(name)s, the posting of entry %(number)s of %(company)s stopped. Whoever looks after the postings was "
            "told; there is nothing for you to do."
        ),
        _ENTRY,
    ),
    "entry_corrected": Wording(
        Kind.MINE,
        "green",
        _("Corrected in Conta Azul"),
        _("Corrected: %(party)s, %(amount)s"),
        _("%(name)s, your correction of entry %(number)s of %(company)s is made in Conta Azul."),
        _BRIEF,
    ),
    "posting_stopped": Wording(
        Kind.HAND,
        "yellow",
        _("A posting stopped and needs a hand"),
        _("Needs a hand: %(party)s, %(amount)s"),
        _(
            "%(name)s, the posting of entry %(number)s of %(company)s stopped, and does not go on without a person."
        ),
        (*_ENTRY, "account"),
        _("See what to do"),
    ),
    "question": Wording(
        Kind.HAND,
        "yellow",
        _("A posting waits for your choice"),
        _("A posting waits for your choice: %(party)s"),
        _(
            "%(name)s, entry %(number)s of %(company)s can't be posted before somebody says what %(party)s is in the "
            "Conta Azul account %(account)s. Nothing was sent; once it is said, the posting goes on by itself."
        ),
        button=_("Say which it is"),
    ),
    "vendor_held": Wording(
        Kind.HAND,
        "yellow",
        _("A new vendor waits for a second look"),
        _("A new vendor waits for a second look: %(party)s"),
        _(
            "%(name)s, entry %(number)s of %(company)s names %(party)s, whom the Conta Azul account %(account)s "
            "doesn't have yet. Nothing was sent. Create the vendor, choose one that is there, or refuse it."
        ),
        button=_("Look at the vendor"),
    ),
    "correction_asks": Wording(
        Kind.HAND,
        "yellow",
        _("A correction waits for you"),
        _("Correction waits: %(party)s, %(amount)s"),
        _("%(name)s, the correction of entry %(number)s of %(company)s can't go on without a person."),
        _BRIEF,
        _("See what to do"),
    ),
    "correction_left": Wording(
        Kind.HAND,
        "yellow",
        _("A correction left something to do in Conta Azul"),
        _("To do in Conta Azul: %(party)s, %(amount)s"),
        _(
            "%(name)s, the correction of entry %(number)s of %(company)s left something that only a person can do in "
            "Conta Azul."
        ),
        _BRIEF,
        _("See what to do"),
    ),
    "account_stopped": Wording(
        Kind.ACCOUNT,
        "yellow",
        _("The account %(account)s stopped: what is approved waits for it"),
        _("The account %(account)s of %(company)s stopped"),
        "",  # by what happened, see ACCOUNT_STOPPED
        ("waiting",),
        _("See what to do"),
        _("None is lost: they are posted by themselves once it works again."),
    ),
    "entry_changed": Wording(
        Kind.DIFFERENCE,
        "yellow",
        _("Changed in Conta Azul after it was approved"),
        _("Changed in Conta Azul: %(party)s, %(amount)s"),
        _("%(name)s, entry %(number)s of %(company)s stands otherwise in Conta Azul than it was approved."),
        _BRIEF,
        _("See what was changed"),
    ),
    "entry_gone": Wording(
        Kind.DIFFERENCE,
        "red",
        _("Gone from Conta Azul"),
        _("Gone from Conta Azul: %(party)s, %(amount)s"),
        _(
            "%(name)s, entry %(number)s of %(company)s, or one of its instalments, was posted and is not in Conta "
            "Azul any more."
        ),
        _BRIEF,
    ),
    "entry_paid": Wording(
        Kind.SETTLED,
        "green",
        _("Settled in Conta Azul"),
        _("Settled in Conta Azul: %(party)s, %(amount)s"),
        _("%(name)s, entry %(number)s of %(company)s is settled in Conta Azul."),
        _BRIEF,
    ),
    "mapping_changed": Wording(
        Kind.MAPPING,
        "yellow",
        _("Renamed, deactivated or deleted in the account %(account)s"),
        _("Changed in the account %(account)s: %(party)s"),
        _(
            "%(name)s, what %(company)s uses in the Conta Azul account %(account)s was renamed, deactivated or deleted "
            "there: %(party)s. Confirm each, or choose another."
        ),
        button=_("Look at the mapping"),
    ),
}
_STOPPED: Final = _("%(name)s, Conta Azul no longer accepts the authorisation of %(account)s (%(company)s).")
ACCOUNT_STOPPED: Final[dict[str, Text]] = {
    "plan_refused": _(
        "%(name)s, Conta Azul says that the plan of %(account)s (%(company)s) does not allow other programs to connect."
    ),
    "not_reached": _(
        "%(name)s, Conta Azul has not answered for some minutes when %(account)s (%(company)s) was asked. It is tried "
        "again by itself."
    ),
    "wrong_company": _(
        "%(name)s, the account %(account)s of %(company)s was authorised for another company."
    ),
}


def kind_of(template: str) -> Kind:
    return WORDINGS[template].kind


def templates_of(kind: Kind) -> list[str]:
    return [template for template, wording in WORDINGS.items() if wording.kind == kind]


def said(text: Text, data: Mapping[str, Any]) -> str:
    """The text with the data's words in it; what the data lacks is left empty."""
    return str(text) % _Lenient(data)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def lead_of(template: str, data: Mapping[str, Any]) -> str:
    text = WORDINGS[template].lead
    if template == "account_stopped":
        text = ACCOUNT_STOPPED.get(str(data.get("kind", "")), _STOPPED)
    return said(text, data)
