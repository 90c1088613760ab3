"""The lines of an export: each entry as the list shows it, and what stands on its page besides."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import F, Func, JSONField, QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada import money
from alcada.directory import documents
from alcada.directory.models import Category, CostCentre
from alcada.flow.cells import Number
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake import custom, drafts
from alcada.intake.models import CustomField, Entry, PaymentMethod, Revision
from alcada.intake.rules import key, read_day
from alcada.posting.models import Posting

Cell = str | int | Decimal | date | datetime


@dataclass(frozen=True)
class Shown:
    """An entry with what its line needs; a draft's content is what was typed so far."""

    entry: Entry
    status: Status
    content: dict[str, Any]
    posting: Posting | None
    own: Mapping[str, Cell] = field(default_factory=dict)  # the company's own fields, by OwnColumn.name


@dataclass(frozen=True)
class Column:
    heading: str | Promise
    value: Callable[[Shown], Cell]
    width: int


def _of(name: str) -> Callable[[Shown], Cell]:
    return lambda shown: shown.content[name]


COLUMNS: Final[Sequence[Column]] = (
    Column(lazy("Number"), lambda shown: shown.entry.number, 9),
    Column(lazy("Kind"), lambda shown: str(shown.entry.get_kind_display()), 14),
    Column(lazy("Company"), lambda shown: shown.entry.company.name, 28),
    Column(lazy("Vendor or customer"), _of("party"), 34),
    Column("CPF/CNPJ", _of("document"), 20),
    Column(lazy("Description"), _of("description"), 40),
    Column(lazy("Document number"), _of("numbered"), 16),
    Column(lazy("Value"), _of("value"), 14),
    Column(lazy("Currency"), _of("currency"), 8),
    Column(lazy("First due date"), _of("due"), 12),
    Column(lazy("Instalments"), _of("parts"), 11),
    Column(lazy("Competence date"), _of("competence"), 12),
    Column(lazy("Categories"), _of("categories"), 34),
    Column(lazy("Cost centres"), _of("centres"), 24),
    Column(lazy("Bank account"), _of("bank"), 22),
    Column(lazy("Payment method"), _of("method"), 16),
    Column(lazy("State"), lambda shown: shown.status.label, 22),
    Column(lazy("Entered by"), lambda shown: shown.entry.created_by.name, 22),
    Column(lazy("Entered at"), lambda shown: shown.entry.created_at, 16),
    Column(lazy("Posted at"), lambda shown: (shown.posting and shown.posting.posted_at) or "", 16),
    Column(lazy("Reference"), lambda shown: shown.posting.reference if shown.posting else "", 12),
    Column(
        lazy("Id in Conta Azul"), lambda shown: shown.posting.remote_event_id if shown.posting else "", 38
    ),
)


@dataclass(frozen=True)
class Own:
    """The own fields of the companies that an export is of: fields, and a column for each name among them."""

    fields: Sequence[CustomField] = ()

    @property
    def columns(self) -> list[Column]:
        named: dict[str, CustomField] = {}
        for one in self.fields:
            named.setdefault(one.normalised_name, one)
        return [Column(one.name, _own(name), _WIDTHS.get(one.type, 24)) for name, one in named.items()]

    def cells(self, entry: Entry) -> dict[str, Cell]:
        """By their columns. One that is no longer on the form gives way to one of its name that is."""
        found: dict[str, Cell] = {}
        for one in custom.held(entry, self.fields):
            found.setdefault(one.field.normalised_name, _cell(one))
        return found


_WIDTHS: Final[Mapping[str, int]] = {
    CustomField.Type.NUMBER: 14,
    CustomField.Type.MONEY: 14,
    CustomField.Type.DATE: 12,
}


def own_of(companies: Iterable[int], found: QuerySet[Entry], kind: str = "") -> Own:
    """The fields in use in these companies, and those no longer in use that an entry of the export has."""
    fields = list(
        CustomField.objects.filter(company__in=set(companies)).order_by("company", "position", "pk")
    )
    current = [one for one in fields if one.retired_at is None and (not kind or one.kind in ("", kind))]
    gone = {one.pk for one in fields} - {one.pk for one in current}
    if gone:
        frozen = Revision.objects.filter(pk__in=found.order_by().values("current")).exclude(custom=[])
        each = Func(F("custom"), function="jsonb_array_elements", output_field=JSONField())
        keys = frozen.annotate(key=KeyTransform("field_id", each)).order_by()
        held = set(keys.values_list("key", flat=True).distinct())
        current += [one for one in fields if one.pk in gone & held]
    return Own(current)


def _own(name: str) -> Callable[[Shown], Cell]:
    return lambda shown: shown.own.get(name, "")


def _cell(held: custom.Held) -> Cell:
    if not held.readable:
        return held.value
    match held.field.type:
        case CustomField.Type.NUMBER:
            return Number(held.value)
        case CustomField.Type.MONEY:
            return Decimal(held.value)
        case CustomField.Type.DATE:
            return date.fromisoformat(held.value)
    return held.value


def of(keys: Sequence[int], own: Own = Own()) -> Iterator[Shown]:
    """The entries with these keys, in this order, in a handful of statements."""
    related = ("company", "created_by", "current__bank_account")
    found = with_status(Entry.objects.filter(pk__in=keys)).select_related(*related)
    entries = {e.pk: e for e in found.prefetch_related("current__splits", "current__instalments")}
    postings: dict[int, Posting] = {}
    live = Posting.objects.filter(entry__in=keys).defer("content", "detail").order_by("pk")
    for posting in live:
        entry = entries.get(posting.entry_id)
        if entry and (posting.revision_id == entry.current_id or posting.state == "posted"):
            postings[posting.entry_id] = posting
    names = _names(list(entries.values()))
    for pk in keys:
        if pk in entries:
            entry = entries[pk]
            code = str(getattr(entry, "status", "") or "draft")
            content = _frozen(entry) if entry.draft is None and entry.current else _typed(entry, names)
            yield Shown(
                entry,
                Status(code if code in STATUSES else "draft"),
                content,
                postings.get(pk),
                own.cells(entry),
            )


def _frozen(entry: Entry) -> dict[str, Any]:
    revision = entry.current
    assert revision is not None
    splits, parts = list(revision.splits.all()), list(revision.instalments.all())
    return {
        "party": revision.party_name,
        "document": documents.format(revision.party_document) if revision.party_document else "",
        "description": revision.description,
        "numbered": revision.document_number,
        "value": revision.amount,
        "currency": revision.currency,
        "due": min((part.due_date for part in parts), default=""),
        "parts": len(parts),
        "competence": revision.competence_date,
        "categories": "; ".join(dict.fromkeys(split.category_name for split in splits)),
        "centres": "; ".join(dict.fromkeys(s.cost_centre_name for s in splits if s.cost_centre_name)),
        "bank": revision.bank_account.name,
        "method": str(revision.get_payment_method_display()),
    }


def _typed(entry: Entry, names: dict[str, dict[int, str]]) -> dict[str, Any]:
    draft = drafts.shaped(entry.draft or {})
    days = [day for part in draft["instalments"] if (day := read_day(part["due_date"]))]
    categories = [names["category"].get(key(row["category"]), "") for row in draft["splits"]]
    centres = [names["cost_centre"].get(key(row["cost_centre"]), "") for row in draft["splits"]]
    try:
        value: Decimal | str = money.parse_brl(draft["amount"])
    except money.AmountError:
        value = draft["amount"]
    return {
        "party": draft["party_name"],
        "document": draft["party_document"],
        "description": draft["description"],
        "numbered": draft["document_number"],
        "value": value,
        "currency": money.DEFAULT_CURRENCY,
        "due": min(days, default=""),
        "parts": len(draft["instalments"]),
        "competence": read_day(draft["competence_date"]) or draft["competence_date"],
        "categories": "; ".join(dict.fromkeys(filter(None, categories))),
        "centres": "; ".join(dict.fromkeys(filter(None, centres))),
        "bank": "",
        "method": str(dict(PaymentMethod.choices).get(draft["payment_method"], "")),
    }


def _names(entries: Sequence[Entry]) -> dict[str, dict[int, str]]:
    """What drafts name by key: each of the draft's own company."""
    typed = [drafts.shaped(entry.draft or {}) for entry in entries if entry.draft is not None]
    rows = [row for draft in typed for row in draft["splits"]]
    companies = {entry.company_id for entry in entries}
    return {
        name: {
            one.pk: str(one)
            for one in model.objects.filter(
                pk__in={key(row[name]) for row in rows if row[name]}, company__in=companies
            )
        }
        if rows
        else {}
        for name, model in (("category", Category), ("cost_centre", CostCentre))
    }


def local(value: datetime) -> datetime:
    """A moment as a workbook takes it: without a zone, the installation's clock."""
    return timezone.localtime(value).replace(tzinfo=None)
