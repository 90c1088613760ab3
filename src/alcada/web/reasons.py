"""Why a posting is where it is, in words that a person can act on: one sentence, and what to do about it."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from alcada.connections.models import Connection
from alcada.notify.reasons import STUCK, Words
from alcada.posting.models import BY_HAND, Posting, State
from conta_azul import sentences

# reason -> (what happened, what to do about it). "reason:state" goes before "reason".
REASONS: Final[dict[str, Words]] = {
    **STUCK,
    "worker_lost": (
        _("The program that was posting it stopped half-way."),
        _("Nothing to do: it is looked for in Conta Azul before anything is sent again."),
    ),
    "worker_lost:queued": (
        _("The program that had taken it stopped before it sent anything."),
        _("Nothing to do: it is posted next."),
    ),
    "may_have_arrived": (
        _("It was sent, and no clear answer came back."),
        _("Nothing to do: it is looked for in Conta Azul before anything is sent again."),
    ),
    "restored": (
        _("A backup was restored: this may have been posted after the backup was made."),
        _("Nothing to do: it is looked for in Conta Azul before anything is sent."),
    ),
    "look_again": (
        _("It is being looked for in Conta Azul once more."),
        _("Nothing to do: the result shows here."),
    ),
    "surely_absent": (
        _("It did not arrive in Conta Azul: it was looked for long enough to be sure."),
        _("Nothing to do: it is sent once more."),
    ),
    "by_person": (_("A person decided it."), ""),
    "by_person:queued": (_("Somebody asked to post it again."), _("Nothing to do: it is posted next.")),
    "by_person:cancelled": (
        _("Somebody cancelled the posting."),
        _("Change the entry to send it through approval again."),
    ),
    "adopted": (_("A person said which entry in Conta Azul it is."), ""),
    "by_hand": (_("A person put the entry into Conta Azul by hand."), ""),
    "by_hand_without_id": (
        _("It was marked as posted by hand, and nobody said yet which entry in Conta Azul it is."),
        _("Say which one: until then nothing tells here whether it is paid or changed."),
    ),
    "needs_authorisation": (
        _("Conta Azul no longer accepts the authorisation of this account."),
        _("Authorise the account again. It is then posted by itself."),
    ),
    "wrong_company": (
        _("The account was authorised for another company."),
        _("Authorise the right company. It is then posted by itself."),
    ),
    "plan_refused": (
        _("The company's plan at Conta Azul does not allow other programs to connect."),
        _(
            "Change the plan at Conta Azul, then press Fetch now on the connection. It is then posted by itself."
        ),
    ),
    "paused": (_("The connection is paused."), _("Resume the connection. It is then posted by itself.")),
    "too_many_requests": (
        _("Conta Azul asked for a pause: too many requests at once."),
        _("Nothing to do: it is tried again by itself."),
    ),
    "not_reached": (
        _(
            "Conta Azul could not be asked whether the vendor, customer or cost centre is there. "
            "Nothing was sent."
        ),
        _("Nothing to do: it is tried again by itself."),
    ),
    "restored_lately": (
        _(
            "A backup was restored a moment ago. The vendor, customer or cost centre may have been created "
            "after it was made, and does not show yet."
        ),
        _("Nothing to do: it is looked for again before anything is created."),
    ),
    "being_created": (
        _("Another posting is creating the same vendor, customer or cost centre."),
        _("Nothing to do: it goes on as soon as that is there."),
    ),
    "prepared_by_another": (
        _("Another posting has just created the same vendor, customer or cost centre."),
        _("Nothing to do: it is posted next."),
    ),
    "not_sent": (
        _("Conta Azul could not be reached. Nothing was sent."),
        _("Nothing to do: it is tried again by itself."),
    ),
    "internal_error": (
        _("The product failed while it prepared the posting. Nothing was sent."),
        _("It is tried again by itself. If it stays like this, send the diagnosis to whoever supports you."),
    ),
    "replaced": (
        _("The entry was changed after Conta Azul had refused it."),
        _("Nothing to do: what is approved next is posted."),
    ),
    "category_gone": (
        _("A category of this entry is not in the account, or not mapped there."),
        _("Choose another of the account's for it; it then goes on by itself. Or change the entry."),
    ),
    "bank_account_gone": (
        _("The bank account of this entry is not in the account, or not in use or mapped there."),
        _("Choose another of the account's for it; it then goes on by itself. Or change the entry."),
    ),
    "party_ambiguous": (
        _("Which person in Conta Azul this is can't be told by the CPF or CNPJ: a person chooses."),
        _("Choose the right one; it is remembered, and the posting goes on by itself."),
    ),
    "party_gone": (
        _("The vendor or customer that was confirmed is not in Conta Azul any more."),
        _("Choose who it is now; it then goes on by itself."),
    ),
    "vendor_held": (
        _("The vendor is new in this account: it waits for a second look. Nothing was sent."),
        _("Look at the vendor, then create it, choose one that is there, or refuse it."),
    ),
    "vendor_declined": (
        _("The new vendor was refused."),
        _("Change the entry to send it through approval again."),
    ),
    "answered": (_("What it waited for is answered."), _("Nothing to do: it is posted next.")),
    "person_unknown": (
        _("The vendor or customer may have been created in Conta Azul, but could not be found there."),
        _("Look in Conta Azul, then say here whether it is there. All that wait for it go on."),
    ),
    "person_unknown:queued": (
        _("The vendor or customer may have been created in Conta Azul, and does not show there yet."),
        _("Nothing to do: it is looked for before anything is created again."),
    ),
    "cost_centre_ambiguous": (
        _("Which cost centre in Conta Azul this is can't be told by its code or name: a person chooses."),
        _("Choose the right one; it is remembered, and the posting goes on by itself."),
    ),
    "cost_centre_gone": (
        _("The cost centre that was confirmed is not in Conta Azul any more."),
        _("Choose which one it is now; it then goes on by itself."),
    ),
    "cost_centre_unknown": (
        _("The cost centre may have been created in Conta Azul, but could not be found there."),
        _("Look in Conta Azul, then say here whether it is there. All that wait for it go on."),
    ),
    "cost_centre_unknown:queued": (
        _("The cost centre may have been created in Conta Azul, and does not show there yet."),
        _("Nothing to do: it is looked for before anything is created again."),
    ),
}
_IN_THEIR_WORDS: Final = ("refused", "party_refused", "cost_centre_refused")
# What came with these is how a call ended, in the client's English: only what it quotes is shown.
_FROM_A_CALL: Final = (
    "too_many_requests",
    "not_sent",
    "not_reached",
    "needs_authorisation",
    "paused",
    "plan_refused",
    "may_have_arrived",
)
_ALIASES: Final = {"party_unknown": "person_unknown"}
_HELD_BACK: Final = (State.QUEUED, State.UNKNOWN)
_NO_ANSWER: Final = _("Conta Azul does not answer; it is tried again by itself.")
# An account that holds its postings back, by its state.
_ACCOUNTS: Final[dict[str, str]] = {
    Connection.State.AUTHORISE: "needs_authorisation",
    Connection.State.WRONG_COMPANY: "wrong_company",
    Connection.State.PLAN_REFUSED: "plan_refused",
    Connection.State.PAUSED: "paused",
}


@dataclass(frozen=True)
class Reason:
    sentence: str
    todo: str
    detail: str  # the words that came with it: Conta Azul's, or the person's
    detail_first: bool = False

    @property
    def short(self) -> str:
        """One line for a list: Conta Azul's own words where they say more than ours."""
        return self.detail if (self.detail and self.detail_first) or not self.sentence else self.sentence


def explain(posting: Posting) -> Reason | None:
    """The reason of the posting's state; None when there is none. A code without words shows its detail."""
    if (
        posting.state in _HELD_BACK
        and posting.connection_id
        and (waits := account_reason(posting.connection))
    ):
        return waits  # whatever was before: it waits for its account now
    if posting.reason == BY_HAND and not posting.remote_event_id:
        words = REASONS["by_hand_without_id"]
        return Reason(str(words[0]), str(words[1]), posting.detail)
    if not posting.reason:
        return Reason("", "", posting.detail) if posting.detail else None
    detail = _quoted(posting)
    known = REASONS.get(f"{posting.reason}:{posting.state}") or REASONS.get(
        _ALIASES.get(posting.reason, posting.reason)
    )
    if known is None:
        return Reason("", "", detail or posting.reason)
    return Reason(str(known[0]), str(known[1]), detail, detail_first=posting.reason in _IN_THEIR_WORDS)


def account_reason(connection: Connection) -> Reason | None:
    """Why an account holds back what goes to it; None: it does not."""
    code = _ACCOUNTS.get(connection.state)
    return Reason(str(REASONS[code][0]), str(REASONS[code][1]), "") if code else None


def _quoted(posting: Posting) -> str:
    """The words that came with the reason: Conta Azul's own, without our English around them, or the person's."""
    told = sentences.taken_apart(posting.detail)
    if told is not None:
        return told.words
    return "" if posting.reason in _FROM_A_CALL else posting.detail


def name(code: str) -> str:
    """A reason as the filter calls it: its sentence."""
    words = REASONS.get(_ALIASES.get(code, code))
    return str(words[0]) if words else code.replace("_", " ")


def of_account(connection: Connection) -> str:
    """Why an account holds its postings back."""
    code = _ACCOUNTS.get(connection.state)
    return str(REASONS[code][0] if code else _NO_ANSWER)
