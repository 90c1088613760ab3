"""A company with what the form offers: categories, accounts, a cost centre, a vendor, all known in its account."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from alcada.directory.models import BankAccount, Category, CostCentre, Party
    from alcada.people.models import Company, User

SAMPLES = Path(__file__).parents[3] / "src/alcada/config/samples"


@dataclass(frozen=True)
class Desk:
    company: "Company"
    paper: "Category"
    cleaning: "Category"
    sales: "Category"
    account: "BankAccount"
    receives_only: "BankAccount"
    centre: "CostCentre"
    vendor: "Party"

    def draft(self, **changes: Any) -> dict[str, Any]:
        """One that may be submitted and asks nothing."""
        today = timezone.localdate()
        return {
            "party": str(self.vendor.pk),
            "party_name": self.vendor.name,
            "description": "Papel A4",
            "document_number": "NF 1001",
            "amount": "1.000,00",
            "competence_date": f"{today:%d/%m/%Y}",
            "bank_account": str(self.account.pk),
            "payment_method": "boleto",
            "splits": [{"category": str(self.paper.pk), "cost_centre": "", "amount": ""}],
            "instalments": [{"due_date": f"{today + timedelta(days=30):%d/%m/%Y}", "amount": ""}],
            **changes,
        }


def furnish(company: "Company") -> Desk:
    from alcada.connections.models import Connection
    from alcada.directory.actions import save_cost_centre, save_party
    from alcada.directory.models import BankAccount, Category, Counterpart

    connection = Connection.objects.create(
        company=company, name="Conta Azul", state=Connection.State.CONNECTED, authorised_at=timezone.now()
    )

    def there(thing: Any, field: str) -> Any:
        Counterpart.objects.create(connection=connection, remote_id=f"{field}-{thing.pk}", **{field: thing})
        return thing

    def category(kind: str, name: str) -> "Category":
        made: Category = there(Category.objects.create(company=company, kind=kind, name=name), "category")
        return made

    def account(name: str, **fields: Any) -> "BankAccount":
        made: BankAccount = there(
            BankAccount.objects.create(company=company, name=name, **fields), "bank_account"
        )
        return made

    return Desk(
        company=company,
        paper=category("payable", "Material de escritório"),
        cleaning=category("payable", "Limpeza"),
        sales=category("receivable", "Vendas"),
        account=account("Itaú PJ", is_default=True),
        receives_only=account("Receba Fácil", type="RECEBA_FACIL_CARTAO"),
        centre=save_cost_centre(company, code="ADM", name="Administração"),
        vendor=save_party(company, name="Papelaria Estrela Ltda", document="19131243000197", is_vendor=True),
    )


@pytest.fixture
def furnished() -> "Callable[[Company], Desk]":
    return furnish


@pytest.fixture
def desk(company: "Company") -> Desk:
    return furnish(company)


@pytest.fixture(autouse=True)
def _files_of_their_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def as_ana(client: "Client", ana: "User") -> "Client":
    client.force_login(ana)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def posted() -> "Callable[..., dict[str, Any]]":
    """A draft as the form sends it."""

    def fields_of(draft: dict[str, Any], **more: Any) -> dict[str, Any]:
        fields = {name: value for name, value in draft.items() if isinstance(value, str)}
        for rows in ("splits", "instalments"):
            for index, row in enumerate(draft[rows]):
                fields |= {f"{rows}-{index}-{name}": value for name, value in row.items()}
        return fields | more

    return fields_of
