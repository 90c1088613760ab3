"""The create call of a posting, from its frozen copy and the account's ids."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from conta_azul.calls.entries import CategorySplit, CostCentreSplit, NewEntry, NewInstalment, PaymentMethod

# Our payment methods (intake.models.PaymentMethod) in Conta Azul's words (reference of the API, §3.6).
METHODS: Final[dict[str, PaymentMethod]] = {
    "boleto": PaymentMethod.BOLETO_BANCARIO,
    "pix": PaymentMethod.PIX_PAGAMENTO_INSTANTANEO,
    "transfer": PaymentMethod.TRANSFERENCIA_BANCARIA,
    "credit_card": PaymentMethod.CARTAO_CREDITO,
    "debit_card": PaymentMethod.CARTAO_DEBITO,
    "cash": PaymentMethod.DINHEIRO,
    "cheque": PaymentMethod.CHEQUE,
    "direct_debit": PaymentMethod.DEBITO_AUTOMATICO,
    "other": PaymentMethod.OUTRO,
}
# Text limits of these fields are not documented: kept below what is known to be taken (reference §2.4).
DESCRIPTION_LIMIT: Final = 200
NOTE_LIMIT: Final = 2000


class Ids:
    """The account's ids of what the posting names, by our own keys."""

    def __init__(self, *, party: str, bank_account: str, categories: Mapping[int, str], cost_centres: Mapping[int, str]):
        self.party, self.bank_account = party, bank_account
        self.categories, self.cost_centres = categories, cost_centres


def build(content: Mapping[str, Any], reference: str, ids: Ids) -> NewEntry:
    """The reference stands in `referencia_externa` and in every description: the searches return that text and no other."""
    parts = content["instalments"]
    method = METHODS.get(content["payment_method"])
    return NewEntry(
        description=tagged(content["description"], reference),
        competence_date=date.fromisoformat(content["competence_date"]),
        amount=Decimal(content["amount"]),
        bank_account_id=ids.bank_account,
        party_id=ids.party,
        splits=_splits(content["splits"], ids),
        instalments=[
            NewInstalment(
                description=tagged(content["description"], reference, f"{part['number']}/{len(parts)}"),
                due_date=date.fromisoformat(part["due_date"]),
                amount=Decimal(part["amount"]),
                bank_account_id=ids.bank_account,
                payment_method=method,
            )
            for part in parts
        ],
        note=content["evidence"][:NOTE_LIMIT],
        reference=reference,
    )


def tagged(description: str, reference: str, part: str = "") -> str:
    """`Papel A4 2/3 [ALC-7F3K2Q]`, the description cut so that the tag always fits."""
    tail = f" {part} [{reference}]" if part else f" [{reference}]"
    return description[: DESCRIPTION_LIMIT - len(tail)].rstrip() + tail


def _splits(splits: list[dict[str, Any]], ids: Ids) -> list[CategorySplit]:
    """One row per category with its cost centres beneath, as the API wants them.

    Shares of one category with and without a cost centre are two rows: a cost-centre split must make up its whole row.
    """
    rows: dict[tuple[int, bool], list[dict[str, Any]]] = {}
    for split in splits:
        rows.setdefault((split["category"]["id"], bool(split["cost_centre"])), []).append(split)
    return [
        CategorySplit(
            category_id=ids.categories[category],
            amount=sum((Decimal(share["amount"]) for share in shares), Decimal(0)),
            cost_centres=[
                CostCentreSplit(ids.cost_centres[share["cost_centre"]["id"]], Decimal(share["amount"]))
                for share in shares
                if share["cost_centre"]
            ],
        )
        for (category, _), shares in rows.items()
    ]
