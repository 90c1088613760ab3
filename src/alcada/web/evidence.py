"""What an approver sees beside the content: likely duplicates, the account's books, what will be created."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada.approval import queries as approvals
from alcada.approval.models import Round
from alcada.connections import call_words
from alcada.connections.models import Connection
from alcada.directory.models import Counterpart, EntryKind, NewVendors
from alcada.flow import mapping
from alcada.flow.models import Run
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake import correcting, duplicates
from alcada.intake.models import Document, Entry, Revision
from alcada.intake.queries import content_of, documents_of
from alcada.ledger.models import TwinSearch
from alcada.people.models import User
from alcada.people.queries import may
from alcada.web import correction_box, frozen, mapping_words, routing_words

# Shown beside the fields; any other kind is a link.
SHOWN_INLINE: Final = {
    "application/pdf": "pdf",
    "image/png": "image",
    "image/jpeg": "image",
    "image/webp": "image",
    # An NF-e, as text: fetched when it is looked at.
    "application/xml": "nfe",
    "text/xml": "nfe",
}


@dataclass(frozen=True)
class Twin:
    """An entry of the account's own books that looks like this one."""

    description: str
    due: date | None
    amount: Decimal | None
    status: str
    entry: int | None  # ours that was posted as this one


@dataclass(frozen=True)
class Books:
    """The search of the account's books: "pending", "done", "failed" or "none" (never asked)."""

    state: str
    twins: list[Twin]
    searched: TwinSearch | None
    why: str = ""  # it failed


@dataclass(frozen=True)
class Duplicate:
    entry: Entry
    status: Status
    reasons: list[str]


@dataclass(frozen=True)
class ToCreate:
    """What the posting will have to create in the account."""

    kind: str  # "party" or "cost_centre"
    name: str


@dataclass(frozen=True)
class Preview:
    document: Document
    shown: str  # "pdf", "image", "nfe" (its text) or "" (a link only)


def of_round(round_: Round) -> dict[str, Any]:
    """The template context of everything that a decision needs to look at."""
    revision = round_.revision
    account = account_of(revision)
    return {
        **content(revision),
        "account": account,
        "to_create": to_create(revision, account) if account else [],
        "vendor_is_held": vendor_is_held(revision),
        **(_doubtful(mapping.doubtful(revision, account)) if account else {}),
        "books": books(revision),
        "duplicates": probable_duplicates(revision),
        "changes": changes_of(revision),
        "decisions": list(approvals.decisions_of(round_)),
        **correction_box.context_of_round(round_),
    }


def content(revision: Revision) -> dict[str, Any]:
    """The revision as frozen, with the entry's documents."""
    shown = previews(documents_of(revision.entry))
    return {
        "revision": revision,
        "splits": list(revision.splits.all()),
        "instalments": list(revision.instalments.all()),
        "way": way_of(revision),
        "previews": shown,
        # A document that can be read stands beside what was typed from it.
        "beside": any(preview.shown for preview in shown),
    }


def previews(found: Iterable[Document]) -> list[Preview]:
    shown = [Preview(document, SHOWN_INLINE.get(document.content_type, "")) for document in found]
    return sorted(shown, key=lambda preview: not preview.shown)  # what can be read first


def account_of(revision: Revision) -> Connection | None:
    """The account that the revision's run posts to."""
    run = Run.objects.select_related("connection").filter(revision=revision).first()
    return run.connection if run else None


def way_of(revision: Revision) -> tuple[str, str] | None:
    """The account that the revision goes to, and why that one."""
    run = Run.objects.select_related("connection").filter(revision=revision).first()
    if run is None or run.connection is None:
        return None
    return run.connection.name, routing_words.reason(run.routing)


def to_create(revision: Revision, account: Connection) -> list[ToCreate]:
    """What has no counterpart in the account. A cost centre can't be removed there: whoever approves knows of it."""
    usable = Q(active=True) | Q(removed_at=None) & ~Q(trouble="missing") | Q(confirmed_at__isnull=False)
    there = Counterpart.objects.filter(usable, connection=account).exclude(active=False, trouble="")
    wanted = []
    if not there.filter(party_id=revision.party_id).exists():
        wanted.append(ToCreate("party", revision.party_name))
    known = set(there.filter(cost_centre__isnull=False).values_list("cost_centre_id", flat=True))
    centres = {s.cost_centre_id: s.cost_centre_name for s in revision.splits.all() if s.cost_centre_id}
    wanted += [ToCreate("cost_centre", name) for pk, name in centres.items() if pk not in known]
    return wanted


def vendor_is_held(revision: Revision) -> bool:
    """Does the company have new vendors looked at before they are created?"""
    company = revision.entry.company_id
    return (
        revision.entry.kind == EntryKind.PAYABLE
        and NewVendors.objects.filter(company=company, hold=True).exists()
    )


def doubtful(user: User, entry: Entry) -> dict[str, Any]:
    """What its account changed of an entry that waits for approval, with the way to mend it for whoever may."""
    round_ = entry.rounds.order_by("-pk").first()
    if entry.current is None or entry.draft is not None or round_ is None or round_.state != "open":
        return {}
    account = account_of(entry.current)
    if account is None:
        return {}
    found = mapping.doubtful(entry.current, account)
    link = reverse("mapping", args=[account.pk]) if may(user, "mapping.manage", entry.company) else ""
    return {**_doubtful(found), "doubtful_link": link}


def _doubtful(found: list[mapping.Doubtful]) -> dict[str, Any]:
    return {
        "doubtful": [mapping_words.doubtful(one) for one in found],
        "doubtful_stops": any(one.stops for one in found),
    }


def books(revision: Revision) -> Books:
    search = TwinSearch.objects.select_related("connection").filter(revision=revision).first()
    if search is None:
        return Books("none", [], None)
    why = call_words.failure(search.detail) if search.state == TwinSearch.State.FAILED else ""
    return Books(search.state, [_twin(item) for item in search.found], search, why)


def _twin(item: dict[str, Any]) -> Twin:
    """As ledger.rules.Listed.shown() wrote it; what can't be read is left out rather than guessed."""
    try:
        due = date.fromisoformat(str(item.get("due_date")))
    except ValueError:
        due = None
    try:
        amount = Decimal(str(item.get("amount")))
    except InvalidOperation:
        amount = None
    status = str(item.get("status") or "").replace("_", " ").capitalize()
    return Twin(str(item.get("description") or ""), due, amount, status, item.get("entry"))


_REASONS: Final[dict[str, str | Promise]] = {
    "document_number": lazy("same document number"),
    "amount_and_due_date": lazy("same value and due date"),
}


def probable_duplicates(revision: Revision) -> list[Duplicate]:
    """Earlier entries here that look the same, each with its state."""
    entry = revision.entry
    found = duplicates.probable(entry.company, content_of(revision), excluding=entry)
    keys = [item.entry.pk for item in found]
    codes = dict(with_status(Entry.objects.filter(pk__in=keys)).values_list("pk", "status")) if keys else {}
    return [
        Duplicate(
            item.entry,
            Status(codes[item.entry.pk] if codes.get(item.entry.pk) in STATUSES else "draft"),
            [str(_REASONS.get(reason, reason)) for reason in item.reasons],
        )
        for item in found
    ]


def changes_of(revision: Revision) -> list[frozen.Change]:
    """What this revision changed against the one before; empty for a first one."""
    if revision.kind == Revision.Kind.CORRECTION:
        return frozen.changes(correcting.changes_of(revision))
    before = revision.entry.revisions.filter(number__lt=revision.number).order_by("-number").first()
    return frozen.changes_between(before, revision) if before else []
