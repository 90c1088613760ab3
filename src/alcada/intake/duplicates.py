"""Is this bill here already? Asked before it is submitted; the person says whether it is another one."""

from dataclasses import dataclass

from django.db.models import CharField, F, Func, Q, QuerySet, Value

from alcada.intake.models import Entry
from alcada.intake.rules import Content
from alcada.people.models import Company

MOST = 5  # shown; more would not help anybody decide


@dataclass(frozen=True)
class Probable:
    """An earlier entry that may be the same. `reasons`: "document_number", "amount_and_due_date"."""

    entry: Entry
    reasons: tuple[str, ...]


def confirmation(found: list[Probable]) -> str:
    """What a draft's `confirmed` holds once the person said that it is another bill than these."""
    return "duplicate:" + ",".join(str(one.entry.number) for one in found)


def probable(company: Company, content: Content, *, excluding: Entry | None = None) -> list[Probable]:
    """Earlier submitted entries that look the same, the latest first.

    The same party and document number, or the same party, amount and a due date in common. Drafts and
    discarded entries are no bills yet and don't count; rejected ones do (a bill comes back after a refusal),
    and their state is shown.
    """
    same_document = Q(pk__in=[])
    if number := _number(content.document_number):
        same_document = Q(document_digits=number)
    elif content.document_number:
        same_document = Q(current__document_number__iexact=content.document_number)
    days = [part.due_date for part in content.instalments]
    same_amount = Q(current__amount=content.amount, current__instalments__due_date__in=days)
    found = _earlier(company, content, excluding).filter(same_document | same_amount)
    entries = list(found.distinct().order_by("-number")[:MOST])
    return [Probable(entry, _reasons(entry, content, set(days))) for entry in entries]


def _earlier(company: Company, content: Content, excluding: Entry | None) -> QuerySet[Entry]:
    entries = Entry.objects.filter(
        company=company,
        kind=content.kind,
        current__party_id=content.party_id,
        discarded_at=None,
    )
    if excluding is not None:
        entries = entries.exclude(pk=excluding.pk)
    digits = Func(
        F("current__document_number"),
        Value("[^0-9]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=CharField(),
    )
    # As _number does it.
    entries = entries.annotate(
        document_digits=Func(digits, Value("0"), function="ltrim", output_field=CharField())
    )
    return entries.select_related("current").prefetch_related("current__instalments")


def _reasons(entry: Entry, content: Content, days: set[object]) -> tuple[str, ...]:
    revision = entry.current
    assert revision is not None  # filtered by its party
    reasons = []
    if content.document_number and _same_number(revision.document_number, content.document_number):
        reasons.append("document_number")
    if revision.amount == content.amount and days & {part.due_date for part in revision.instalments.all()}:
        reasons.append("amount_and_due_date")
    return tuple(reasons)


def _same_number(one: str, other: str) -> bool:
    if _number(one) or _number(other):
        return _number(one) == _number(other)
    return one.lower() == other.lower()


def _number(text: str) -> str:
    """The digits of a document's number: "NF-e 001.234" and "1234" are one bill."""
    return "".join(c for c in text if c.isascii() and c.isdigit()).lstrip("0")
