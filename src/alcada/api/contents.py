"""What an entry says, as the API has it: of a revision, and of a draft as far as it can be read."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_noop as noop
from ninja import Schema
from pydantic import Field

from alcada import money
from alcada.api import own_fields
from alcada.api.parsing import AmountIn, Day, Id, In, Money, Named
from alcada.directory.models import Party
from alcada.intake import drafts
from alcada.intake.models import CustomField, Entry, PaymentMethod, Revision
from alcada.intake.rules import MAX_ROWS, key, read_day
from alcada.people.models import Company

Method = Literal[
    "", "boleto", "pix", "transfer", "credit_card", "debit_card", "cash", "cheque", "direct_debit", "other"
]
assert set(Method.__args__) == {"", *PaymentMethod.values}  # type: ignore[attr-defined]  # a Literal has them


class SplitIn(In):
    category: Id
    cost_centre: Id | None = None
    amount: AmountIn | None = Field(
        None, description=noop("May be left out of an only split: it is the whole value.")
    )


class InstalmentIn(In):
    due_date: Day
    amount: AmountIn | None = Field(
        None, description=noop("May be left out of an only instalment: it is the whole value.")
    )


class PartyIn(In):
    """A vendor or customer that may not be in the directory yet: found by its document, else created."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    document: Annotated[str, Field(max_length=30)] = Field(
        "", description=noop("CPF or CNPJ, also with letters.")
    )
    email: Annotated[str, Field(max_length=100)] = ""


class DraftFields(In):
    """What a draft says. What is left out stays as it is; a new one begins with the company's usual values."""

    party: Id | None = Field(None, description=noop("The vendor or customer, by its key in the directory."))
    new_party: PartyIn | None = Field(None, description=noop("Instead of `party`."))
    description: Annotated[str, Field(max_length=200)] | None = None
    document_number: Annotated[str, Field(max_length=60)] | None = None
    amount: AmountIn | None = None
    competence_date: Day | None = None
    bank_account: Id | None = None
    payment_method: Method | None = None
    payment_details: Annotated[str, Field(max_length=300)] | None = None
    notes: Annotated[str, Field(max_length=1000)] | None = None
    splits: Annotated[list[SplitIn], Field(max_length=MAX_ROWS)] | None = None
    instalments: Annotated[list[InstalmentIn], Field(max_length=MAX_ROWS)] | None = None
    custom: own_fields.OwnIn | None = Field(None, description=own_fields.DESCRIBED)


class SplitOut(Schema):
    category: Named
    cost_centre: Named | None
    amount: Money


class InstalmentOut(Schema):
    number: int
    due_date: Day
    amount: Money


class FileFact(Schema):
    name: str
    sha256: str


class ContentOut(Schema):
    """What was submitted, frozen: `hash` is over all of it."""

    revision: int
    kind: Literal["ordinary", "correction"]
    hash: str
    party: Named
    party_document: str
    description: str
    document_number: str
    competence_date: Day
    amount: Money
    currency: str
    bank_account: Named
    payment_method: str
    payment_details: str
    notes: str
    splits: list[SplitOut]
    instalments: list[InstalmentOut]
    documents: list[FileFact]
    custom: dict[str, str] = Field(description=own_fields.DESCRIBED)


class DraftSplit(Schema):
    category: int | None
    cost_centre: int | None
    amount: str


class DraftInstalment(Schema):
    due_date: str
    amount: str


class DraftParty(Schema):
    id: int | None
    name: str
    document: str
    email: str
    new: bool = Field(description=noop("It is put into the directory when the entry is submitted."))


class DraftOut(Schema):
    """What is being typed, right or wrong. Amounts and dates that can't be read are as somebody typed them."""

    party: DraftParty
    description: str
    document_number: str
    amount: str
    currency: str
    competence_date: str
    bank_account: int | None
    payment_method: str
    payment_details: str
    notes: str
    splits: list[DraftSplit]
    instalments: list[DraftInstalment]
    confirmed: list[str]
    custom: dict[str, str] = Field(description=own_fields.DESCRIBED)


def apply(draft: drafts.Draft, given: Mapping[str, Any], company: Company, kind: str) -> drafts.Draft:
    """The draft with what was given. `given` has only what the request named; None empties a field."""
    changed = drafts.shaped(draft)
    if "party" in given or given.get("new_party"):
        _party(changed, given, company, kind)
    for name in (
        "description",
        "document_number",
        "payment_method",
        "payment_details",
        "notes",
        "bank_account",
    ):
        if name in given:
            changed[name] = "" if given[name] is None else str(given[name])
    if "amount" in given:
        changed["amount"] = _typed(given["amount"])
    if "competence_date" in given:
        day = given["competence_date"]
        changed["competence_date"] = drafts.day(day) if day else ""
    if "splits" in given:
        changed["splits"] = [row | {"amount": _typed(row.get("amount"))} for row in given["splits"] or []]
    if "instalments" in given:
        changed["instalments"] = [
            {"due_date": drafts.day(row["due_date"]), "amount": _typed(row.get("amount"))}
            for row in given["instalments"] or []
        ]
    if given.get("custom"):
        changed["custom"] = own_fields.apply(changed, given["custom"], company, kind)
    return drafts.shaped(changed)


def _party(draft: drafts.Draft, given: Mapping[str, Any], company: Company, kind: str) -> None:
    empty = {"party": "", "new_party": "", "party_name": "", "party_document": "", "party_email": ""}
    draft |= empty
    if new := given.get("new_party"):
        draft |= {
            "new_party": "1",
            "party_name": new["name"],
            "party_document": new.get("document") or "",
            "party_email": new.get("email") or "",
        }
    elif given.get("party"):
        draft["party"] = str(given["party"])
        found = Party.objects.filter(company=company, pk=given["party"]).first()
        if found is not None:  # another's is told of when the draft is read: it is not there
            drafts.choose_party(draft, found, kind)


def _typed(amount: str | None) -> str:
    return drafts.amount(Decimal(amount)) if amount else ""


def version(entry: Entry) -> str:
    """What somebody looked at, as a short token: who changes something else is told."""
    looked_at = json.dumps([entry.draft, entry.current_id, entry.discarded_at], sort_keys=True, default=str)
    return hashlib.sha256(looked_at.encode()).hexdigest()[:16]


def of_draft(draft: Mapping[str, Any], fields: Iterable[CustomField] = ()) -> dict[str, Any]:
    """`fields`: the company's own, of which it says what stands in them."""
    shaped = drafts.shaped(draft)
    return {
        "party": {
            "id": _key(shaped["party"]),
            "name": shaped["party_name"],
            "document": shaped["party_document"],
            "email": shaped["party_email"],
            "new": bool(shaped["new_party"]),
        },
        **{name: shaped[name] for name in ("description", "document_number", "payment_method")},
        **{name: shaped[name] for name in ("payment_details", "notes", "confirmed")},
        "custom": own_fields.of_draft(shaped, fields),
        "amount": amount(shaped["amount"]),
        "currency": money.DEFAULT_CURRENCY,
        "competence_date": _day(shaped["competence_date"]),
        "bank_account": _key(shaped["bank_account"]),
        "splits": [
            {
                "category": _key(row["category"]),
                "cost_centre": _key(row["cost_centre"]),
                "amount": amount(row["amount"]),
            }
            for row in shaped["splits"]
        ],
        "instalments": [
            {"due_date": _day(row["due_date"]), "amount": amount(row["amount"])}
            for row in shaped["instalments"]
        ],
    }


def amount(typed: str) -> str:
    """1500.00 for 1.500,00; what can't be read as it was typed."""
    with suppress(money.AmountError):
        return f"{money.parse_brl(typed):.2f}"
    return typed


def _day(typed: str) -> str:
    found = read_day(typed)
    return found.isoformat() if found else typed


def _key(typed: str) -> int | None:
    return key(typed) or None


def of_revision(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "kind": revision.kind,
        "hash": revision.content_hash,
        "party": {"id": revision.party_id, "name": revision.party_name},
        "bank_account": {"id": revision.bank_account_id, "name": revision.bank_account.name},
        **{
            name: getattr(revision, name)
            for name in (
                "party_document",
                "description",
                "document_number",
                "competence_date",
                "amount",
                "currency",
                "payment_method",
                "payment_details",
                "notes",
                "documents",
            )
        },
        "splits": [
            {
                "category": {"id": split.category_id, "name": split.category_name},
                "cost_centre": _centre(split.cost_centre_id, split.cost_centre_name),
                "amount": split.amount,
            }
            for split in revision.splits.all()
        ],
        "instalments": list(revision.instalments.all()),
        "custom": own_fields.of_revision(revision),
    }


def _centre(pk: int | None, name: str) -> dict[str, Any] | None:
    return {"id": pk, "name": name} if pk else None
