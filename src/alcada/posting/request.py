"""The create call of a posting, from its frozen copy and the account's ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from alcada.directory.models import EntryKind
from conta_azul import Call, limits
from conta_azul.calls.entries import (
    CategorySplit,
    CreatedEntry,
    NewEntry,
    NewInstalment,
    create_payable,
    create_receivable,
)
from conta_azul.enums import PaymentMethod

# Our payment methods (intake.models.PaymentMethod) in Conta Azul's words (reference of the API, §3.6).
METHODS: Final[dict[str, PaymentMethod]] = {
    "boleto": PaymentMethod.BOLETO,
    "pix": PaymentMethod.PIX,
    "transfer": PaymentMethod.BANK_TRANSFER,
    "credit_card": PaymentMethod.CREDIT_CARD,
    "debit_card": PaymentMethod.DEBIT_CARD,
    "cash": PaymentMethod.CASH,
    "cheque": PaymentMethod.CHEQUE,
    "direct_debit": PaymentMethod.DIRECT_DEBIT,
    "other": PaymentMethod.OTHER,
}
DESCRIPTION_LIMIT: Final = min(limits.ENTRY_DESCRIPTION, limits.INSTALMENT_DESCRIPTION)


@dataclass(frozen=True)
class Ids:
    """The account's ids of what the posting names; categories and cost centres by our own keys."""

    party: str
    bank_account: str
    categories: Mapping[int, str]
    cost_centres: Mapping[int, str]


def create_call(kind: str, content: Mapping[str, Any], reference: str, ids: Ids) -> Call[CreatedEntry]:
    """The one call that makes the whole entry, all instalments included."""
    create = create_payable if kind == EntryKind.PAYABLE else create_receivable
    return create(build(content, reference, ids))


def build(content: Mapping[str, Any], reference: str, ids: Ids) -> NewEntry:
    """The reference stands in `referencia_externa` and in every description: that text the searches return."""
    parts = content["instalments"]
    method = METHODS.get(content["payment_method"])
    return NewEntry(
        description=tagged(content["description"], reference),
        competence_date=date.fromisoformat(content["competence_date"]),
        amount=Decimal(content["amount"]),
        bank_account_id=ids.bank_account,
        party_id=ids.party,
        splits=tuple(_splits(content["splits"], ids)),
        instalments=tuple(
            NewInstalment(
                description=tagged(content["description"], reference, f"{part['number']}/{len(parts)}"),
                due_date=date.fromisoformat(part["due_date"]),
                amount=Decimal(part["amount"]),
                bank_account_id=ids.bank_account,
                payment_method=method,
            )
            for part in parts
        ),
        note=content["evidence"][: limits.ENTRY_NOTE],
        reference=reference,
    )


def ids_sent(content: Mapping[str, Any], body: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    """(what, our key) → the account's id, as the create of this content named it."""
    ids = {
        ("party", content["party"]["id"]): body.get("id_fornecedor") or body["id_cliente"],
        ("bank_account", content["bank_account"]["id"]): body["conta_financeira"],
    }
    for ((category, _), shares), row in zip(_rows(content["splits"]).items(), body["rateio"], strict=True):
        ids["category", category] = row["id_categoria"]
        centred = [share["cost_centre"]["id"] for share in shares if share["cost_centre"]]
        for centre, share in zip(centred, row.get("rateio_centro_custo") or (), strict=True):
            ids["cost_centre", centre] = share["id_centro_custo"]
    return ids


def tagged(description: str, reference: str, part: str = "") -> str:
    """`Papel A4 2/3 [ALC-7F3K2Q]`, the description cut so that the tag always fits."""
    tail = f" {part} [{reference}]" if part else f" [{reference}]"
    return description[: DESCRIPTION_LIMIT - len(tail)].rstrip() + tail


def _splits(splits: list[dict[str, Any]], ids: Ids) -> list[CategorySplit]:
    """One row per category with its cost centres beneath, as the API wants them.

    Shares of one category with and without a cost centre are two rows, for the cost centres of a row must make up the
    whole of it. Assumed: a category may stand in two rows; the documentation is silent.
    """
    return [
        CategorySplit(
            category_id=ids.categories[category],
            amount=sum((Decimal(share["amount"]) for share in shares), Decimal(0)),
            cost_centres=tuple(
                (ids.cost_centres[share["cost_centre"]["id"]], Decimal(share["amount"]))
                for share in shares
                if share["cost_centre"]
            ),
        )
        for (category, _), shares in _rows(splits).items()
    ]


def _rows(splits: list[dict[str, Any]]) -> dict[tuple[int, bool], list[dict[str, Any]]]:
    """By category, and whether there is a cost centre."""
    rows: dict[tuple[int, bool], list[dict[str, Any]]] = {}
    for split in splits:
        rows.setdefault((split["category"]["id"], bool(split["cost_centre"])), []).append(split)
    return rows
