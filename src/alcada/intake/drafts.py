"""What is being typed, and its way to content that may be submitted.

A draft is kept exactly as typed, right or wrong, all text:

    {"party": "12", "new_party": "", "party_name": "…", "party_document": "…", "party_email": "…",
     "description": "…", "document_number": "…", "amount": "1.000,00", "competence_date": "30/11/2026",
     "bank_account": "3", "payment_method": "pix", "payment_details": "…", "notes": "…",
     "splits": [{"category": "7", "cost_centre": "", "amount": "1.000,00"}],
     "instalments": [{"due_date": "10/12/2026", "amount": "1.000,00"}],
     "custom": {"4": "…"},
     "confirmed": ["due_in_past:2026-12-10"]}

`party`, `bank_account`, `category` and `cost_centre` are keys of the directory. `new_party` is "1" while a
vendor or customer that isn't in the directory yet is being typed; `party_name` is otherwise what the search
box shows. `custom` has the company's own fields by their key. The amount of an only split or only instalment
may be empty: it is the whole value. `confirmed` holds the keys of the questions (rules.questions,
duplicates.probable) that the person ticked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from alcada.directory.models import BankAccount, EntryKind, Party
from alcada.directory.queries import defaults_for
from alcada.intake.custom import kept, typed
from alcada.intake.models import Entry, Revision
from alcada.intake.reader import Reader
from alcada.intake.rules import Content, NotBeingEditedError, key
from alcada.intake.shelf import Shelf
from alcada.people.models import Company

Draft = dict[str, Any]

TEXTS: Final = (
    "party",
    "new_party",
    "party_name",
    "party_document",
    "party_email",
    "description",
    "document_number",
    "amount",
    "competence_date",
    "bank_account",
    "payment_method",
    "payment_details",
    "notes",
)
SPLIT: Final = ("category", "cost_centre", "amount")
INSTALMENT: Final = ("due_date", "amount")


def shaped(data: Mapping[str, Any]) -> Draft:
    """Any JSON object as a draft: what is missing is empty, what is no text becomes text, what is unknown
    goes.
    """
    draft: Draft = {name: _text(data.get(name)) for name in TEXTS}
    draft["splits"] = _rows(data.get("splits"), SPLIT)
    draft["instalments"] = _rows(data.get("instalments"), INSTALMENT)
    custom = data.get("custom")
    draft["custom"] = {_text(k): _text(v) for k, v in custom.items()} if isinstance(custom, Mapping) else {}
    confirmed = data.get("confirmed")
    draft["confirmed"] = [_text(code) for code in confirmed] if isinstance(confirmed, list) else []
    return draft


def _text(value: Any) -> str:
    # PostgreSQL's JSON can't hold NUL, and nobody types one.
    return "" if value is None else str(value).replace("\x00", "")


def _rows(rows: Any, names: Sequence[str]) -> list[dict[str, str]]:
    found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [{name: _text(row.get(name)) for name in names} for row in found] or [dict.fromkeys(names, "")]


def version(draft: Mapping[str, Any] | None) -> str:
    """What tells one state of a draft from another: a form says which one it was opened on."""
    text = json.dumps(shaped(draft or {}), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def empty(company: Company, kind: str, *, today: date) -> Draft:
    """A new form: today's competence date and the company's usual category, cost centre and account."""
    defaults = defaults_for(company, kind)
    account = defaults and defaults.bank_account_id
    if not account:
        usual = BankAccount.objects.filter(company=company, active=True, is_default=True).first()
        account = usual.pk if usual and (kind != EntryKind.PAYABLE or usual.takes_payables) else None
    split = {
        "category": defaults and defaults.category_id,
        "cost_centre": defaults and defaults.cost_centre_id,
    }
    return shaped({"competence_date": day(today), "bank_account": account, "splits": [split]})


def party_of(company: Company, draft: Mapping[str, Any]) -> Party | None:
    """The vendor or customer that the draft chose from the directory."""
    return Party.objects.filter(company=company, pk=key(draft["party"])).first()


def choose_party(draft: Draft, party: Party, kind: str) -> None:
    """Take the party and, where nothing is chosen yet or only what a new form has, what its bills usually
    have.
    """
    draft |= {"party": str(party.pk), "party_name": party.name}
    draft |= {"new_party": "", "party_document": "", "party_email": ""}
    fresh = empty(party.company, kind, today=today())
    usual, split, new_split = party.default_category, draft["splits"][0], fresh["splits"][0]
    if usual and usual.kind == kind and split["category"] in ("", new_split["category"]):
        split["category"] = str(usual.pk)
    if party.default_cost_centre_id and split["cost_centre"] in ("", new_split["cost_centre"]):
        split["cost_centre"] = str(party.default_cost_centre_id)
    if party.default_bank_account_id and draft["bank_account"] in ("", fresh["bank_account"]):
        draft["bank_account"] = str(party.default_bank_account_id)


def from_revision(revision: Revision) -> Draft:
    """The draft that gives this content again."""
    # An only part is the whole value, and follows it when it is changed.
    splits, instalments = list(revision.splits.all()), list(revision.instalments.all())
    return shaped(
        {
            "party": revision.party_id,
            "party_name": revision.party_name,
            "description": revision.description,
            "document_number": revision.document_number,
            "amount": amount(revision.amount),
            "competence_date": day(revision.competence_date),
            "bank_account": revision.bank_account_id,
            "payment_method": revision.payment_method,
            "payment_details": revision.payment_details,
            "notes": revision.notes,
            "custom": {str(one["field_id"]): typed(one["type"], one["value"]) for one in revision.custom},
            "splits": [
                {
                    "category": split.category_id,
                    "cost_centre": split.cost_centre_id,
                    "amount": amount(split.amount) if len(splits) > 1 else "",
                }
                for split in splits
            ],
            "instalments": [
                {
                    "due_date": day(part.due_date),
                    "amount": amount(part.amount) if len(instalments) > 1 else "",
                }
                for part in instalments
            ],
        }
    )


def today() -> date:
    """The day in São Paulo, where due dates are."""
    return timezone.localdate()


def day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


def amount(value: Decimal) -> str:
    """1.234,56: what a person in Brazil types."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def check(entry: Entry, shelf: Shelf | None = None, *, asks_own: bool = True) -> Content:
    """The content that the entry's draft gives. Raises Problems, or NotBeingEditedError when there is no
    draft. Whether the account that it goes to has its categories is known only once it is routed: `flow.checking`.

    `shelf` is one that was made for its draft among others (`shelf_for`); `asks_own`: are the company's own
    fields asked for that are required? What was submitted before in one that is off the form by now stays.
    """
    if entry.draft is None or entry.discarded_at is not None:
        raise NotBeingEditedError
    shelf = shelf or shelf_for(entry.company, [entry])
    content = Reader(shelf, entry.kind, shaped(entry.draft), asks_own=asks_own).content()
    if entry.current_id is None:
        return content
    filled = {(one.type, one.name) for one in content.custom}
    return replace(content, custom=(*content.custom, *kept(entry, shelf.custom(entry.kind), filled)))


def check_draft(company: Company, kind: str, draft: Mapping[str, Any]) -> Content:
    """As `check`, for a draft that isn't saved yet."""
    draft = shaped(draft)
    return Reader(Shelf(company, [draft]), kind, draft).content()


def shelf_for(company: Company, entries: Iterable[Entry]) -> Shelf:
    """For checking the company's drafts one after the other."""
    return Shelf(company, [shaped(entry.draft or {}) for entry in entries])
