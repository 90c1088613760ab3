"""A company with two accounts, without the sandbox: what rules, pages and submission need of them."""

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from alcada.connections import routing_actions
from alcada.connections.models import Connection, Routing, RoutingRule
from alcada.connections.routing_actions import Target
from alcada.directory.models import BankAccount, Category, Counterpart
from alcada.people.models import Company, User


@dataclass
class Office:
    company: Company
    ana: User
    bruno: User
    clara: User
    matriz: Connection
    loja: Connection
    rent: Category
    sales: Category
    bank: BankAccount

    @property
    def address(self) -> str:
        return f"/connections/routing/{self.company.pk}"

    def browser(self, who: User | None = None) -> Client:
        browser = Client()
        browser.force_login(who or self.clara)
        return browser

    def version(self) -> int:
        row = Routing.objects.filter(company=self.company).first()
        return row.version if row else 0

    def rule(
        self, name: str, to: Connection | str, *rows: tuple[str, str, str], match: str = "all"
    ) -> RoutingRule:
        """`to`: an account, or the sentence of a refusal."""
        written = [{"field": field, "is": sign, "value": value} for field, sign, value in rows]
        return routing_actions.add_rule(
            self.company,
            name=name,
            conditions={"match": match, "rows": written},
            target=Target(refusal=to) if isinstance(to, str) else Target(to),
            version=self.version(),
            by=self.clara,
        )

    def default(self, target: Target) -> None:
        routing_actions.set_default(self.company, target, version=self.version(), by=self.clara)

    def names(self) -> list[str]:
        return list(RoutingRule.objects.filter(company=self.company).values_list("name", flat=True))


def furnish(company: Company, ana: User, bruno: User, clara: User) -> Office:
    matriz, loja = (
        Connection.objects.create(
            company=company, name=name, state=Connection.State.CONNECTED, authorised_at=timezone.now()
        )
        for name in ("Matriz", "Loja")
    )
    rent = Category.objects.create(company=company, kind="payable", name="Aluguel")
    sales = Category.objects.create(company=company, kind="receivable", name="Vendas")
    bank = BankAccount.objects.create(company=company, name="Banco do Brasil", is_default=True)
    things: list[dict[str, Any]] = [{"category": rent}, {"category": sales}, {"bank_account": bank}]
    for connection in (matriz, loja):
        for index, thing in enumerate(things):
            Counterpart.objects.create(connection=connection, remote_id=f"{connection.name}-{index}", **thing)
    return Office(company, ana, bruno, clara, matriz, loja, rent, sales, bank)
