"""What each event of history says, in words: event names to sentences."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import money
from alcada.flow import shipped
from alcada.web import routing_words

Data = Mapping[str, Any]

# What Conta Azul was asked for, and how that ended.
_WRITES: Final[dict[str, str | Promise]] = {
    "entry": lazy("Entry sent to Conta Azul"),
    "person": lazy("Vendor or customer sent to Conta Azul"),
    "profile": lazy("Vendor's or customer's profile sent to Conta Azul"),
    "cost_centre": lazy("Cost centre sent to Conta Azul"),
    "instalment": lazy("Correction of an instalment sent to Conta Azul"),
    "look_up": lazy("Looked for in Conta Azul"),
}
_ENDS: Final[dict[str, str | Promise]] = {
    "": lazy("no outcome yet"),
    "posted": lazy("created"),
    "refused": lazy("refused"),
    "not_sent": lazy("did not arrive, tried again later"),
    "connection": lazy("the account needs a person"),
    "unknown": lazy("no clear answer, it may have arrived"),
    "found": lazy("found"),
    "not_found": lazy("not found"),
    "several": lazy("more than one found"),
}
_CHANGED: Final = lazy("done there")


def sentence(event: str, data: Data) -> str:
    """What happened, in words. An event without words of its own shows its name: never nothing."""
    words = _SENTENCES.get(event)
    return words(data) if words else event


def _created(data: Data) -> str:
    if data.get("source") == "nfe":
        return _("Entry made from an NF-e")
    if data.get("source") == "deal":
        return _("Entry made from a sale that was won")
    if data.get("source") == "sheet":
        return _("Entry made by import of %(file)s, line %(line)s") % {
            "file": data.get("file", ""),
            "line": data.get("line", ""),
        }
    return _("Entry made")


def _submitted(data: Data) -> str:
    number = data.get("revision", 1)
    return (
        _("Sent for approval")
        if number == 1
        else _("Changed and sent again (revision %(number)s)") % {"number": number}
    )


def _asked(data: Data) -> str:
    people = ", ".join(data.get("people") or [])
    return _("%(step)s: asked %(people)s") % {"step": _step(data), "people": people}


def _with_step(text: Callable[[], str]) -> Callable[[Data], str]:
    return lambda data: f"{_step(data)}: {text()}" if data.get("step") else text()


def _step(data: Data) -> str:
    return shipped.shown(str(data.get("step") or ""))


def _intended(data: Data) -> str:
    return _("To be posted to %(account)s as %(reference)s") % {
        "account": data.get("account") or "Conta Azul",
        "reference": data.get("reference", ""),
    }


def _attempted(data: Data) -> str:
    kind, end = str(data.get("kind", "")), str(data.get("outcome", ""))
    ended = _CHANGED if (kind, end) == ("instalment", "posted") else _ENDS.get(end, end)
    return f"{_WRITES.get(kind, kind)}: {ended}"


def _posted(data: Data) -> str:
    return _("Posted to %(account)s") % {"account": data.get("account") or "Conta Azul"}


def _found(data: Data) -> str:
    return _("Found in %(account)s: it had arrived") % {"account": data.get("account") or "Conta Azul"}


def _undecided(data: Data) -> str:
    return {
        "several_found": _("More than one entry found in Conta Azul: a person has to look"),
        "not_found": _("Not found in Conta Azul: a person decides what to do"),
        "late_answer": _("Conta Azul answered late: an entry stands there that should not"),
        "second_event": _("Conta Azul reported a second entry: a person has to look"),
    }.get(str(data.get("reason")), _("A person has to look"))


def _queued_again(data: Data) -> str:
    if data.get("reason") == "surely_absent":
        return _("Surely not in Conta Azul: sent once more")
    return _("Asked to post it again")


def _stopped(data: Data) -> str:
    name = data.get("name", "")
    if data.get("reason") == "vendor_held":
        return _("The new vendor %(name)s waits for a second look") % {"name": name}
    return _("Waits until somebody says what %(name)s is in Conta Azul") % {"name": name}


def _answered(data: Data) -> str:
    name = {"name": data.get("name", "")}
    return {
        "mapped": _("%(name)s was chosen in Conta Azul: it goes on"),
        "released": _("The new vendor %(name)s may be created: it goes on"),
    }.get(str(data.get("answer")), _("%(name)s is known in Conta Azul now: it goes on")) % name


def _cancelled(data: Data) -> str:
    reason = data.get("reason")
    return _("Posting cancelled: %(reason)s") % {"reason": reason} if reason else _("Posting cancelled")


def _adopted(data: Data) -> str:
    return _("Said to be this entry in Conta Azul: %(event)s") % {"event": data.get("event", "")}


def _by_hand(data: Data) -> str:
    if data.get("event"):
        return _("Put into Conta Azul by hand, as %(event)s") % {"event": data["event"]}
    return _("Marked as posted by hand, without the id of its entry in Conta Azul")


def _twins(data: Data) -> str:
    found = data.get("found")
    count = len(found) if isinstance(found, list) else int(found or 0)
    if data.get("state") == "failed" or data.get("failed"):
        return _("The account's books could not be checked for a likely duplicate")
    if not count:
        return _("The account's books have no entry like this one")
    return ngettext(
        "The account's books have %(count)s entry that looks like this one",
        "The account's books have %(count)s entries that look like this one",
        count,
    ) % {"count": count}


def _routed(data: Data) -> str:
    return _("Goes to the account %(account)s: %(reason)s") % {
        "account": data.get("account") or "Conta Azul",
        "reason": routing_words.reason(data),
    }


def _document(text: Callable[[], str]) -> Callable[[Data], str]:
    return lambda data: text() % {"name": data.get("name", "")}


def _payment(text: Callable[[], str]) -> Callable[[Data], str]:
    """A payment in Conta Azul, of an instalment where there are several."""

    def words(data: Data) -> str:
        amount = money.format_brl(Decimal(str(data.get("amount") or 0)), "BRL", get_language() or "pt-br")
        told = text() % {"amount": amount}
        if data.get("paid_on"):
            day = date.fromisoformat(str(data["paid_on"])).strftime("%d/%m/%Y")
            told = _("%(told)s, on %(day)s") % {"told": told, "day": day}
        if int(data.get("of") or 1) < 2:
            return told
        place = _("Instalment %(number)s of %(count)s") % {
            "number": data.get("instalment"),
            "count": data["of"],
        }
        return f"{place}: {told}"

    return words


def _gone(data: Data) -> str:
    if data.get("instalment"):
        text = _("Instalment %(number)s is not in Conta Azul any more")
        return text % {"number": data["instalment"]}
    return _("The entry is not in Conta Azul any more")


def _correction_made(data: Data) -> str:
    count = len(data.get("left") or [])
    if not count:
        return _("Corrected in Conta Azul")
    text = ngettext(
        "Corrected in Conta Azul, but for %(count)s thing that a person has to do there",
        "Corrected in Conta Azul, but for %(count)s things that a person has to do there",
        count,
    )
    return text % {"count": count}


def _correction_asked(data: Data) -> str:
    return {
        "edited_there": _("The correction waits: somebody changed the entry in Conta Azul meanwhile"),
        "gone_there": _("The correction can't be made: the entry is not in Conta Azul any more"),
        "no_clear_answer": _("The correction got no clear answer for too long: a person has to look"),
    }.get(str(data.get("reason")), _("Conta Azul refused the correction: a person has to look"))


def _correction_again(data: Data) -> str:
    if data.get("overwritten"):
        return _("Asked to write the correction over what stands in Conta Azul")
    return _("Asked to try the correction again")


_SENTENCES: Final[dict[str, Callable[[Data], str]]] = {
    "correction.begun": lambda _data: _("A correction was begun"),
    "correction.discarded": lambda _data: _("The correction was given up before it was sent"),
    "correction.submitted": lambda data: (
        _("Correction sent for approval (revision %(number)s)") % {"number": data.get("revision", "")}
    ),
    "correction.intended": lambda data: (
        _("To be corrected in %(account)s") % {"account": data.get("account") or "Conta Azul"}
    ),
    "correction.asked": _correction_asked,
    "correction.again": _correction_again,
    "correction.made": _correction_made,
    "correction.left": lambda _data: _("The correction was left to a person, to be done in Conta Azul"),
    "correction.done_there": lambda _data: _("Done in Conta Azul, as the correction approved it"),
    "entry.created": _created,
    "entry.discarded": lambda _data: _("Draft discarded"),
    "entry.set_aside": lambda _data: _("Set aside: its deal was reopened"),
    "entry.taken_up": lambda _data: _("Taken up again: its deal was won again"),
    "entry.submitted": _submitted,
    "entry.routed": _routed,
    "entry.document_added": _document(lambda: _("Document added: %(name)s")),
    "entry.document_removed": _document(lambda: _("Document removed: %(name)s")),
    "approval.opened": lambda _data: _("Approval began"),
    "approval.not_needed": lambda data: (
        _("No approval needed: %(reason)s") % {"reason": shipped.shown(str(data.get("reason", "")))}
    ),
    "approval.asked": _asked,
    "approval.step.approved": _with_step(lambda: _("approved")),
    "approval.step.rejected": _with_step(lambda: _("rejected")),
    "approval.step.sent_back": _with_step(lambda: _("sent back")),
    "approval.withdrawn": lambda _data: _("Taken back to be changed"),
    "approval.completed": lambda _data: _("Approval complete"),
    "posting.intended": _intended,
    "posting.attempted": _attempted,
    "posting.outcome": _attempted,
    "posting.posted": _posted,
    "posting.refused": lambda _data: _("Refused: a person has to mend it"),
    "posting.unknown": lambda _data: _("No clear answer: it is looked for before anything is sent again"),
    "posting.found": _found,
    "posting.undecided": _undecided,
    "posting.queued_again": _queued_again,
    "posting.asked": _stopped,
    "posting.answered": _answered,
    "posting.look_again": lambda _data: _("Asked to look for it again"),
    "posting.cancelled": _cancelled,
    "posting.adopted": _adopted,
    "posting.by_hand": _by_hand,
    "posting.settled": lambda _data: _("What stood beside it in Conta Azul was dealt with"),
    "ledger.twins_searched": _twins,
    "ledger.paid": _payment(lambda: _("Settled in Conta Azul: %(amount)s")),
    "ledger.partly_paid": _payment(lambda: _("Settled in part in Conta Azul: %(amount)s so far")),
    "ledger.payment_undone": _payment(lambda: _("Its settlement was taken back in Conta Azul")),
    "ledger.edited": lambda _data: _("Changed in Conta Azul after it was approved"),
    "ledger.as_approved": lambda _data: _("It stands in Conta Azul as approved again"),
    "ledger.gone": _gone,
    "ledger.accepted": lambda _data: _("The difference in Conta Azul was accepted"),
}
EVENTS_WITH_WORDS: Final[frozenset[str]] = frozenset(_SENTENCES)
