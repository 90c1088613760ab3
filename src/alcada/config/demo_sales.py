"""The demo's sales: a pipeline with a handful of deals, one of them won and on its way to the books."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from alcada.directory.actions import Usual, save_party, set_defaults
from alcada.directory.models import BankAccount, Category
from alcada.flow import selling
from alcada.people.models import Company, User
from alcada.sales import pipelines
from alcada.sales.actions import Content, create
from alcada.sales.models import Deal
from alcada.sales.queries import stages_of


@dataclass(frozen=True)
class Sample:
    stage: int
    title: str
    customer: str
    value: str
    terms: str
    days: int  # until it is expected to close
    notes: str = ""
    document: str = ""


WON = Sample(
    3,
    "Café da manhã executivo, dezembro a fevereiro",
    "Hotel Serra Azul Ltda",
    "12450.00",
    "30/60/90",
    0,
    "Entrega às 6h. Falar com a recepção.",
    "55321487000104",
)
OPEN = [
    Sample(3, "Coffee break da convenção anual", "Instituto Caminhos", "6800.00", "entrada + 3", 12),
    Sample(2, "Pães para quatro cafeterias", "Rede Grão & Prosa", "18000.00", "12x", 20),
    Sample(2, "Mesa de frios da formatura", "Colégio Vila Nova", "4320.50", "50% de entrada + 30 dias", 9),
    Sample(1, "Bolos de fim de ano", "Escritório Prado & Luz", "3250.00", "à vista", 18),
    Sample(0, "Cestas de Natal para colaboradores", "Metalúrgica Aurora", "22400.00", "28/56 ddl", 25),
]
LOST = Sample(1, "Buffet de inauguração", "Loja Jardim Alto", "9100.00", "2x", 5)


def sell(company: Company, *, owner: User, by: User) -> Deal:
    """Enter the deals and win one. Returns that one. `by` sets the usual category of sales."""
    leaves = Category.objects.filter(company=company, kind="receivable", active=True)
    category = leaves.filter(name__icontains="venda").first() or leaves.first()
    bank = BankAccount.objects.filter(company=company, active=True, is_default=True).first()
    usual = Usual(category=category, bank_account=bank)
    set_defaults(company, "receivable", usual, by=by)
    stages = list(stages_of(pipelines.ensure(company, by=by)))

    def enter(sample: Sample) -> Deal:
        customer = save_party(
            company, name=sample.customer, document=sample.document, is_customer=True, by=owner
        )
        content = Content(
            title=sample.title,
            customer=customer,
            value=Decimal(sample.value),
            owner=owner,
            terms=sample.terms,
            stage=stages[sample.stage],
            category=usual.category,
            bank_account=usual.bank_account,
            expected_on=timezone.localdate() + timedelta(days=sample.days),
            notes=sample.notes,
        )
        return create(company, content, by=owner)

    for sample in OPEN:
        enter(sample)
    selling.lose(enter(LOST).pk, "Adiaram a inauguração para o ano que vem", by=owner)
    return selling.win(enter(WON).pk, by=owner).deal
