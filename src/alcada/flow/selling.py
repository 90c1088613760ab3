"""A deal that is won makes its receivable, once; one that is reopened takes it back, as long as that can be done.

Each verb is one transaction under the deal's lock: whoever presses second finds what the first one did. The deal's row
before its entry's, that before its postings'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada.approval.rules import NotOpenError
from alcada.directory.models import EntryKind
from alcada.flow import actions as flow
from alcada.flow.models import Run, Trigger
from alcada.flow.ways import find_ways
from alcada.intake import actions as intake
from alcada.intake import drafts
from alcada.intake.drafts import Draft
from alcada.intake.models import Entry
from alcada.intake.rules import Problems as EntryProblems
from alcada.people.models import User
from alcada.people.queries import may
from alcada.posting import mending
from alcada.posting.models import LOUD, Posting, State
from alcada.sales import actions as sales
from alcada.sales.models import Deal, Stage
from alcada.sales.rules import ClosedError, NotOpenableError, Problems, TermsError, instalments, read_terms


@dataclass(frozen=True)
class Won:
    """The deal, and whether it was won already before this."""

    deal: Deal
    already: bool


def win(deal_id: int, *, by: User) -> Won:
    """Mark the deal as won, make its receivable and send it through the company's flow for sales.

    Won already: nothing is done. After a reopening the same entry gets a new revision.
    Raises sales.rules.Problems (beside the deal's fields), NotYoursError, ClosedError (it is lost),
    NotOpenableError("loud"), or flow.rules.SubmissionRefusedError. All leave everything as it was.
    """
    with transaction.atomic():
        deal = sales.locked(deal_id, by=by)
        if deal.state == Deal.State.WON:
            return Won(deal, already=True)
        if deal.state == Deal.State.LOST:
            raise ClosedError
        draft = receivable(deal)
        entry = _entry(deal, draft, by)
        try:
            (revision,) = flow.send_all([entry], by=by, trigger=Trigger.DEAL_WON)
        except EntryProblems as exc:
            raise Problems(beside(exc.fields)) from exc
        told = {"entry": entry.number, "revision": revision.number}
        sales.mark_won(deal, entry.pk, by=by, data=told)
        return Won(deal, already=False)


def check(deal: Deal, *, by: User) -> None:
    """Could it be won as it is? Without effect. Raises as `win`."""
    entry = Entry(
        company=deal.company, kind=EntryKind.RECEIVABLE, created_by=deal.owner, draft=receivable(deal)
    )
    try:
        find_ways([entry], by, Trigger.DEAL_WON)
    except EntryProblems as exc:
        raise Problems(beside(exc.fields)) from exc


def reopen(deal_id: int, *, by: User) -> Deal:
    """Won or lost no more. Its receivable, if there is one, is taken back; where that can't be, nothing changes.

    Raises NotYoursError, NotOpenableError.
    """
    with transaction.atomic():
        deal = sales.locked(deal_id, by=by)
        _reopen(deal, by)
        return deal


def lose(deal_id: int, reason: str, *, by: User) -> Deal:
    """Open, or won (which takes its receivable back): lost now. Raises NotYoursError, NotOpenableError, Problems."""
    with transaction.atomic():
        deal = sales.locked(deal_id, by=by)
        if deal.state == Deal.State.WON:
            _reopen(deal, by)
        sales.mark_lost(deal, reason, by=by)
        return deal


def move(deal_id: int, stage: Stage, *, by: User) -> Deal:
    """To a stage; one that is won or lost is reopened there. Raises NotYoursError, NotOpenableError, Problems."""
    with transaction.atomic():
        deal = sales.locked(deal_id, by=by)
        _reopen(deal, by)
        sales.move(deal, stage, by=by)
        return deal


def _reopen(deal: Deal, by: User) -> None:
    if deal.state == Deal.State.OPEN:
        return
    if deal.state == Deal.State.WON:
        _take_back(deal, by)
    sales.mark_open(deal, by=by)


# --- What the receivable says ------------------------------------------------------------------------------------

# Where a deal's form has what the entry's check may find wrong; instalments are the terms.
_FIELDS: Final[Mapping[str, str]] = {
    "party": "party_name",
    "party_name": "party_name",
    "party_document": "party_name",
    "party_email": "party_name",
    "description": "title",
    "amount": "amount",
    "bank_account": "bank_account",
    "category": "category",
    "cost_centre": "cost_centre",
    "instalments": "terms",
}


def beside(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What is wrong with the receivable, by the deal's fields."""
    found: dict[str, list[str]] = {}
    for path, sentences in fields.items():
        room, _dot, rest = path.partition(".")
        name = rest.rpartition(".")[2] if room == "splits" else room
        found.setdefault(_FIELDS.get(name, ""), []).extend(sentences)
    return found


def receivable(deal: Deal) -> Draft:
    """The entry of a sale won today, as its form would have it. Raises sales.rules.Problems."""
    today = drafts.today()
    try:
        parts = instalments(read_terms(deal.terms), deal.value, today)
    except TermsError as exc:
        raise Problems({"terms": [exc.sentence]}) from exc
    with override("pt-br"):  # the books are read by people in Brazil, whoever pressed the button
        named = {"number": deal.number, "terms": deal.terms}
        notes = _("Deal no. %(number)s. Payment terms: %(terms)s") % named
    return drafts.shaped(
        {
            "party": deal.customer_id,
            "party_name": deal.customer.name,
            "description": deal.title,
            "amount": drafts.amount(deal.value),
            "competence_date": drafts.day(today),
            "bank_account": deal.bank_account_id,
            "notes": notes,
            "splits": [{"category": deal.category_id, "cost_centre": deal.cost_centre_id}],
            "instalments": [
                {"due_date": drafts.day(part.due_date), "amount": drafts.amount(part.amount)}
                for part in parts
            ],
        }
    )


def _entry(deal: Deal, draft: Draft, by: User) -> Entry:
    """The deal's entry as a draft of this content: made the first time, the same one after a reopening."""
    if deal.entry_id is None:
        return intake.start(
            deal.company, EntryKind.RECEIVABLE, by=by, owner=deal.owner, draft=draft, source="deal"
        )
    entry = _locked_entry(deal)
    if entry.postings.filter(reason__in=LOUD).exists():
        raise NotOpenableError("loud")
    return intake.take_up(entry, by=by, owner=deal.owner, draft=draft)


# --- Taking it back ----------------------------------------------------------------------------------------------


def obstacle(deal: Deal, *, by: User) -> str:
    """Why a deal that is won can't be reopened now (NotOpenableError's code); empty: it can, as far as is seen."""
    if deal.entry_id is None:
        return ""
    postings = Posting.objects.filter(entry=deal.entry_id).order_by("pk")
    return next((code for one in postings if (code := _stands(one, deal, by))), "")


def _take_back(deal: Deal, by: User) -> None:
    entry = _locked_entry(deal)
    postings = list(entry.postings.select_for_update(of=("self",)).order_by("pk"))
    for posting in postings:
        if code := _stands(posting, deal, by):
            raise NotOpenableError(code)
    for posting in postings:
        if posting.state == State.QUEUED:
            with override("pt-br"):
                mending.cancel(posting.pk, by=by, reason=_("The deal was reopened."))
            for run in Run.objects.select_for_update().filter(revision=posting.revision_id):
                flow.end(run)
    if entry.draft is None:
        try:
            flow.take_back(entry, by=by)
        except NotOpenError as exc:
            raise NotOpenableError("posted") from exc
    intake.set_aside(entry, by=by)


def _stands(posting: Posting, deal: Deal, by: User) -> str:
    """Does, or may, something of it stand in Conta Azul?"""
    if posting.reason in LOUD:
        return "loud"
    if posting.state == State.QUEUED and posting.resent and not may(by, "posting.mend", deal.company):
        return "undecided"  # its absence was believed once: whoever mends postings decides
    codes: dict[str, str] = {
        State.POSTED: "posted",
        State.SENDING: "sending",
        State.UNKNOWN: "sending",
        State.UNDECIDED: "undecided",
    }
    return codes.get(posting.state, "")


def _locked_entry(deal: Deal) -> Entry:
    assert deal.entry_id is not None
    found = Entry.objects.select_for_update(of=("self",)).select_related("company", "current")
    return found.get(pk=deal.entry_id)
