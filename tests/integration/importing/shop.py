"""What tests of imports begin with: a company, its people, and files of its bills."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from alcada.connections.models import Connection
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Party
from alcada.flow.importing import work
from alcada.people.models import Company, User
from alcada.sheets.models import Import, Line

HEADER = [
    *(
        "Tipo",
        "Lançamento",
        "Fornecedor",
        "CNPJ",
        "Descrição",
        "Nº NF",
        "Valor",
        "Total",
        "Vencimento",
        "Competência",
    ),
    *("Categoria", "Centro de custo", "Conta", "Forma de pagamento"),
]
_NAMES = dict(
    zip(
        (
            *(
                "kind",
                "group",
                "party",
                "document",
                "description",
                "number",
                "amount",
                "total",
                "due",
                "competence",
            ),
            *("category", "centre", "account", "method"),
        ),
        range(len(HEADER)),
        strict=True,
    )
)


@dataclass
class Shop:
    company: Company
    ana: User
    bruno: User
    clara: User
    connection: Connection
    rent: Category
    cleaning: Category
    sales: Category
    bank: BankAccount
    centre: CostCentre
    vendor: Party

    def look(
        self, data: bytes, *, name: str = "contas.xlsx", by: User | None = None, **options: Any
    ) -> Import:
        """Sent, and its columns as they were guessed."""
        source = work.upload(self.company, data, name=name, by=by or self.ana, language="en")
        work.go_on(source.pk)  # what a worker does with a large one
        source.refresh_from_db()
        if source.state == Import.State.MATCHING:
            grouped = {"group_by": "group"} if "group" in source.columns else {}
            work.match(source, source.columns, grouped | options)
        return self.again(source)

    def again(self, source: Import) -> Import:
        """Whatever is left to a worker, done."""
        work.go_on(source.pk)
        source.refresh_from_db()
        return source

    def start(self, source: Import, *, again: bool = False, **choice: Any) -> Import:
        chosen = {"which": "good", "submit": False, "asked": False, "twins": False} | choice
        work.start(source, chosen, again=again)
        return self.again(source)


def day(days: int = 30) -> date:
    return timezone.localdate() + timedelta(days=days)


def line(**cells: Any) -> list[Any]:
    """A good line, changed."""
    made: list[Any] = [""] * len(HEADER)
    usual = {
        "party": "Papelaria Estrela Ltda",
        "document": "19.131.243/0001-97",
        "description": "Papel",
        "amount": 100.5,
        "due": day(),
        "competence": timezone.localdate(),
        "category": "Aluguel",
        "account": "Itaú PJ",
    }
    for name, value in (usual | cells).items():
        made[_NAMES[name]] = value
    return made


def xlsx(*lines: list[Any], header: list[str] = HEADER, fill: Callable[[Any], None] | None = None) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(header)
    for one in lines:
        sheet.append(one)
    if fill:
        fill(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def outcomes(source: Import) -> list[str]:
    return list(source.lines.order_by("number").values_list("outcome", flat=True))


def problems(source: Import) -> list[tuple[int, str, str]]:
    return [
        (one["line"], one["column"], one["text"])
        for found in source.lines.order_by("number")
        for one in found.problems
    ]


def notes(source: Import, number: int) -> list[str]:
    return [one["code"] for one in Line.objects.get(source=source, number=number).notes]


def furnish(company: Company, ana: User, bruno: User, clara: User) -> Shop:
    connection = Connection.objects.create(
        company=company, name="Conta Azul", state=Connection.State.CONNECTED, authorised_at=timezone.now()
    )

    def there(thing: Any, field: str) -> Any:
        Counterpart.objects.create(connection=connection, remote_id=f"{field}-{thing.pk}", **{field: thing})
        return thing

    def category(kind: str, name: str, parent: str = "") -> Category:
        made = Category.objects.create(company=company, kind=kind, name=name, parent_name=parent)
        there(made, "category")
        return made

    return Shop(
        company=company,
        ana=ana,
        bruno=bruno,
        clara=clara,
        connection=connection,
        rent=category("payable", "Aluguel", "Ocupação"),
        cleaning=category("payable", "Limpeza"),
        sales=category("receivable", "Vendas"),
        bank=there(BankAccount.objects.create(company=company, name="Itaú PJ"), "bank_account"),
        centre=save_cost_centre(company, code="ADM", name="Administração"),
        vendor=save_party(company, name="Papelaria Estrela Ltda", document="19131243000197", is_vendor=True),
    )
