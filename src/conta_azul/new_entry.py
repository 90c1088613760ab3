"""An entry to be created, checked as it is made: ValueError, before anything is sent."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conta_azul import checks, limits
from conta_azul.amounts import ZERO, Composition
from conta_azul.enums import PaymentMethod


@dataclass(frozen=True)
class CategorySplit:
    """The part of an entry that goes to one category, and of that by cost centre (id, amount)."""

    category_id: str
    amount: Decimal
    cost_centres: tuple[tuple[str, Decimal], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost_centres", tuple(self.cost_centres))
        checks.an_id(self.category_id, "category_id")
        checks.an_amount(self.amount, "a split's amount", positive=True)
        for cost_centre_id, amount in self.cost_centres:
            checks.an_id(cost_centre_id, "cost_centre_id")
            checks.an_amount(amount, "a cost centre's amount", positive=True)
        if self.cost_centres:
            checks.adds_up(
                (amount for _, amount in self.cost_centres), self.amount, "The cost centres of a split"
            )

    def to_wire(self) -> dict[str, Any]:
        body: dict[str, Any] = {"id_categoria": self.category_id, "valor": self.amount}
        if self.cost_centres:
            body["rateio_centro_custo"] = [
                {"id_centro_custo": id, "valor": value} for id, value in self.cost_centres
            ]
        return body


@dataclass(frozen=True)
class NewInstalment:
    """One instalment. `amount` is gross; without a bank account of its own it has the entry's."""

    description: str
    due_date: dt.date
    amount: Decimal
    bank_account_id: str | None = None
    payment_method: PaymentMethod | None = None
    note: str = ""
    discount: Decimal = ZERO
    interest: Decimal = ZERO
    fine: Decimal = ZERO
    fee: Decimal = ZERO

    def __post_init__(self) -> None:
        checks.a_text(self.description, "an instalment's description", limits.INSTALMENT_DESCRIPTION)
        checks.not_too_long(self.note, "an instalment's note", limits.INSTALMENT_NOTE)
        checks.a_date(self.due_date, "due_date")
        checks.an_amount(self.amount, "an instalment's amount", positive=True)
        if self.bank_account_id is not None:
            checks.an_id(self.bank_account_id, "bank_account_id")
        _ = self.composition  # checks the rest

    @property
    def composition(self) -> Composition:
        return Composition(self.amount, self.discount, self.interest, self.fine, self.fee)

    def to_wire(self, bank_account_id: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "descricao": self.description,
            "data_vencimento": self.due_date,
            "conta_financeira": self.bank_account_id or bank_account_id,
            "detalhe_valor": self.composition.to_wire(),
        }
        if self.note:
            body["nota"] = self.note
        if self.payment_method:
            body["metodo_pagamento"] = PaymentMethod(self.payment_method).value
        return body


@dataclass(frozen=True)
class NewEntry:
    """A payable or receivable to be created with all its instalments in one call.

    The splits add up to `amount` (documented). Assumed: so do the instalments' gross amounts, and the cost
    centres of a split to the split; third-party guides ask for both, and the documentation is silent.
    """

    description: str
    competence_date: dt.date
    amount: Decimal
    bank_account_id: str
    party_id: str
    splits: tuple[CategorySplit, ...]
    instalments: tuple[NewInstalment, ...]
    note: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", tuple(self.splits))
        object.__setattr__(self, "instalments", tuple(self.instalments))
        checks.a_text(self.description, "description", limits.ENTRY_DESCRIPTION)
        checks.not_too_long(self.note, "note", limits.ENTRY_NOTE)
        checks.not_too_long(self.reference, "reference", limits.ENTRY_REFERENCE)
        checks.a_date(self.competence_date, "competence_date")
        checks.an_amount(self.amount, "amount", positive=True)
        checks.an_id(self.bank_account_id, "bank_account_id")
        checks.an_id(self.party_id, "party_id")
        checks.adds_up((split.amount for split in self.splits), self.amount, "The splits")
        checks.adds_up((each.amount for each in self.instalments), self.amount, "The instalments")

    def to_wire(self, party_field: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "descricao": self.description,
            "data_competencia": self.competence_date,
            "valor": self.amount,
            "conta_financeira": self.bank_account_id,
            party_field: self.party_id,
            "rateio": [split.to_wire() for split in self.splits],
            "condicao_pagamento": {
                "parcelas": [each.to_wire(self.bank_account_id) for each in self.instalments]
            },
        }
        if self.note:
            body["observacao"] = self.note
        if self.reference:
            body["referencia_externa"] = self.reference
        return body
