"""What an instalment's or settlement's amount is made of."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from conta_azul import checks
from conta_azul.answer import Fields

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class Composition:
    """Gross, and what is added to it and taken from it. All in whole cents, zero or more."""

    gross: Decimal
    discount: Decimal = ZERO
    interest: Decimal = ZERO
    fine: Decimal = ZERO
    fee: Decimal = ZERO

    def __post_init__(self) -> None:
        for name in ("gross", "discount", "interest", "fine", "fee"):
            checks.an_amount(getattr(self, name), name)
        if self.net < 0:
            raise ValueError("Discount and fee are more than the amount")

    @property
    def net(self) -> Decimal:
        """As the transfers' description says: gross + interest + fine - discount - fee."""
        return self.gross + self.interest + self.fine - self.discount - self.fee

    def to_wire(self) -> dict[str, Decimal]:
        """Always with the net value: it is optional, but the older create refused without (observed)."""
        return {
            "valor_bruto": self.gross,
            "valor_liquido": self.net,
            "desconto": self.discount,
            "juros": self.interest,
            "multa": self.fine,
            "taxa": self.fee,
        }


@dataclass(frozen=True)
class ReadComposition:
    """The same, as read: Conta Azul leaves parts out, and nothing is computed here."""

    gross: Decimal | None
    discount: Decimal | None
    interest: Decimal | None
    fine: Decimal | None
    fee: Decimal | None
    net: Decimal | None


def read_composition(fields: Fields | None) -> ReadComposition | None:
    if fields is None:
        return None
    return ReadComposition(
        gross=fields.maybe_amount("valor_bruto"),
        discount=fields.maybe_amount("desconto"),
        interest=fields.maybe_amount("juros"),
        fine=fields.maybe_amount("multa"),
        fee=fields.maybe_amount("taxa"),
        net=fields.maybe_amount("valor_liquido"),
    )
