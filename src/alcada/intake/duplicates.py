"""Is this bill here already? Asked before it is submitted; the person says whether it is another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower

from alcada.intake.models import Entry
from alcada.intake.rules import Content
from alcada.people.models import Company

MOST = 5  # shown; more would not help anybody decide


@dataclass(frozen=True)
class Probable:
    """An earlier entry that may be the same. `reasons`: "document_number", "amount_and_due_date"."""

    entry: Entry
    reasons: tuple[str, ...]


def confirmation(found: Sequence[Probable]) -> str:
    """What a draft's `confirmed` holds once the person said that it is another bill than these."""
    return "duplicate:" + ",".join(str(one.entry.number) for one in found)


def probable(company: Company, content: Content, *, excluding: Entry | None = None) -> list[Probable]:
    """Earlier submitted entries that look the same, the latest first.

    The same party and document number, or the same party, amount and a due date in common. Drafts and
    discarded entries are no bills yet and don't count; rejected ones do (a bill comes back after a refusal),
    and their state is shown.
    """
    same_document = Q(pk__in=[])
    if number := number_of(content.document_number):
        same_document = Q(document_digits=number)
    elif content.document_number:
        same_document = Q(current__document_number__iexact=content.document_number)
    days = [part.due_date for part in content.instalments]
    same_amount = Q(current__amount=content.amount, current__instalments__due_date__in=days)
    found = _earlier(company, content, excluding).filter(same_document | same_amount)
    entries = list(found.distinct().order_by("-number")[:MOST])
    return [Probable(entry, _reasons(entry, content, set(days))) for entry in entries]


def probable_of_many(
    company: Company, contents: Sequence[Content], *, excluding: QuerySet[Entry] | None = None
) -> list[list[Probable]]:
    """As `probable`, of many contents that are no entries yet; in three statements."""
    parties = {content.party_id for content in contents}
    numbers = {number for content in contents if (number := number_of(content.document_number))}
    texts = {
        content.document_number.lower() for content in contents if not number_of(content.document_number)
    }
    same = Q(document_digits__in=numbers) | Q(current__amount__in={content.amount for content in contents})
    if texts - {""}:
        same |= Q(document_text__in=texts - {""})
    entries = _with_number(
        Entry.objects.filter(company=company, current__party__in=parties, discarded_at=None)
    )
    entries = entries.annotate(document_text=Lower("current__document_number"))
    if excluding is not None:
        entries = entries.exclude(pk__in=excluding.values("pk"))
    by_party: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries.filter(same).order_by("-number") if parties else []:
        assert entry.current is not None
        by_party.setdefault((entry.kind, entry.current.party_id), []).append(entry)
    found = []
    for content in contents:
        days: set[object] = {part.due_date for part in content.instalments}
        alike = by_party.get((content.kind, content.party_id), [])
        reasons = ((entry, _reasons(entry, content, days)) for entry in alike)
        found.append([Probable(entry, why) for entry, why in reasons if why][:MOST])
    return found


def _earlier(company: Company, content: Content, excluding: Entry | None) -> QuerySet[Entry]:
    entries = Entry.objects.filter(
        company=company,
        kind=content.kind,
        current__party_id=content.party_id,
        discarded_at=None,
    )
    if excluding is not None:
        entries = entries.exclude(pk=excluding.pk)
    return _with_number(entries)


def _with_number(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Annotated with what `_number` makes of the document's number, and what reasons are found by."""
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
    if number_of(one) or number_of(other):
        return number_of(one) == number_of(other)
    return one.lower() == other.lower()


def number_of(text: str) -> str:
    """The digits of a document's number: "NF-e 001.234" and "1234" are one bill."""
    return "".join(c for c in text if c.isascii() and c.isdigit()).lstrip("0")
