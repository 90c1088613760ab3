"""What a company's books are made of.

Entries are never changed in place: a change makes a new Event and puts it where the old one was. So the
search index may lag behind and still show the entry as it was (see search.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

PAYABLE, RECEIVABLE = "payable", "receivable"
KIND_WORD = {PAYABLE: "DESPESA", RECEIVABLE: "RECEITA"}


@dataclass(frozen=True, slots=True)
class Amounts:
    """detalhe_valor, composicao_valor and valor_composicao are this same thing (§3.5)."""

    gross: int
    discount: int = 0
    interest: int = 0
    fine: int = 0
    fee: int = 0

    @property
    def net(self) -> int:
        return self.gross + self.interest + self.fine - self.discount - self.fee


@dataclass(frozen=True, slots=True)
class Settlement:
    id: str
    version: int
    paid_on: str
    amounts: Amounts
    account: str
    method: str | None
    note: str | None
    nsu: str | None
    updated_at: float


@dataclass(frozen=True, slots=True)
class Loss:
    date: str
    cents: int


@dataclass(frozen=True, slots=True)
class Instalment:
    id: str
    version: int
    index: int
    description: str
    due: str
    account: str
    amounts: Amounts
    updated_at: float
    note: str | None = None
    method: str | None = None
    expected_on: str | None = None
    nsu: str | None = None
    scheduled: bool = False
    loss: Loss | None = None
    settlements: tuple[Settlement, ...] = ()

    @property
    def paid(self) -> int:
        return sum(settlement.amounts.net for settlement in self.settlements)

    @property
    def open(self) -> int:
        """Assumed: a settlement takes its gross value off what is due; interest and fines come on top."""
        lost = self.loss.cents if self.loss else 0
        return self.amounts.net - sum(each.amounts.gross for each in self.settlements) - lost


@dataclass(frozen=True, slots=True)
class CostCentreShare:
    cost_centre: str
    cents: int


@dataclass(frozen=True, slots=True)
class CategoryShare:
    category: str
    cents: int
    cost_centres: tuple[CostCentreShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    legacy_id: int
    version: int
    kind: str
    description: str
    competence: str
    cents: int
    account: str | None
    party: str | None
    note: str | None
    external_reference: str | None
    shares: tuple[CategoryShare, ...]
    instalments: tuple[Instalment, ...]
    created_at: float
    updated_at: float
    by_hand: bool = False

    def instalment(self, instalment_id: str) -> Instalment:
        return next(each for each in self.instalments if each.id == instalment_id)


@dataclass(slots=True)
class Person:
    id: str
    legacy_id: int
    legacy_uuid: str
    name: str
    kind: str
    document: str | None
    profiles: list[str]
    created_at: float
    updated_at: float
    active: bool = True
    # The rest of the record under its read names; the sandbox only keeps and shows it.
    details: dict[str, object] = field(default_factory=dict)
    listed_from: float = 0.0  # late, where what is written shows late


@dataclass(slots=True)
class CostCentre:
    id: str
    name: str
    code: str | None = None
    active: bool = True
    listed_from: float = 0.0


@dataclass(slots=True)
class Category:
    id: str
    name: str
    kind: str
    parent: str | None = None
    dre: str | None = None
    version: int = 0
    active: bool = True


@dataclass(slots=True)
class BankAccount:
    id: str
    name: str
    type: str = "CONTA_CORRENTE"
    bank: str = "OUTROS"
    bank_code: int = 0
    agency: str = "0001"
    number: str = "00000-0"
    default: bool = False
    active: bool = True
    opening_cents: int = 0
    opening_date: str = "2026-01-01"


@dataclass(slots=True)
class Transfer:
    id: str
    description: str
    cents: int
    date: str
    origin: str
    destination: str


@dataclass(slots=True)
class Protocol:
    """The receipt of the older creation: checked and applied at once, told after a while (§3.3)."""

    id: str
    ready_at: float
    event: str | None
    answer: str


@dataclass(slots=True)
class User:
    email: str
    password: str
    companies: list[str]
    portal: bool = False  # a Developer Portal account: signs in, yet its tokens are refused (§1.4)


def parts(event: Event) -> Iterator[tuple[str, str]]:
    """Every (category, cost centre) that an entry names; the cost centre is empty where there is none."""
    for share in event.shares:
        yield share.category, ""
        for centre in share.cost_centres:
            yield share.category, centre.cost_centre
