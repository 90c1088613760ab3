"""The data that pages are measured on: companies as the product makes them, entries by the database itself.

A million entries with revisions, instalments, rounds, decisions, postings and history, typed and approved one by one,
would take days. So the rows are written as the product leaves them (pages.sql), and the triggers that guard each step
stay out of the way; those that lists read by (intake 0005, 0008, 0010) run. The hashes of history are made up:
`doctor` is not for this data.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart
from alcada.flow.models import Trigger
from alcada.flow.versions import current_version
from alcada.intake.models import CustomField
from alcada.people.models import Company, Membership, Role, User

LARGE: Final = 0.4  # the share of the first company
AT_ONCE: Final = 50_000
CENTRES: Final = (
    "Administração",
    "Comercial",
    "Fábrica",
    "Logística",
    "Obra Norte",
    "Obra Sul",
    "TI",
    "Loja Centro",
)
CATEGORIES: Final = (
    "Aluguel", "Energia elétrica", "Água", "Internet", "Material de escritório", "Fretes", "Combustível", "Impostos",
    "Manutenção", "Publicidade", "Honorários", "Software", "Seguros", "Viagens", "Matéria-prima", "Embalagens",
)  # fmt: skip
INCOME: Final = ("Vendas", "Serviços", "Assinaturas", "Aluguéis recebidos", "Juros")
# The large company's own fields, filled in on each of its entries (pages.sql).
OWN: Final[Sequence[tuple[str, str, list[str]]]] = (
    ("Loja", "choice", ["Centro", "Praia", "Serra", "Norte"]),
    ("Obra", "text", []),
    ("Horas", "number", []),
)
LISTED: Final = (
    "intake_entry_listed", "intake_entry_listed_own", "intake_entry_listed_own_marks", "intake_entry_own_numbers",
)  # fmt: skip
REQUESTERS: Final = 20  # in the large company; two in each other


def make(entries: int, companies: int, say: Callable[[str], None]) -> None:
    say(f"making {companies} companies")
    with transaction.atomic():
        _companies(companies)
    with connection.cursor() as cursor:
        statements = _statements()
        cursor.execute("SELECT setseed(0.42)")
        for name in ("words", "parties"):
            cursor.execute(statements.pop(name) % ())
        cursor.execute("SET session_replication_role = replica")
        for trigger in LISTED:
            cursor.execute(f"ALTER TABLE intake_entry ENABLE ALWAYS TRIGGER {trigger}")
        try:
            for first in range(1, entries + 1, AT_ONCE):
                last = min(first + AT_ONCE - 1, entries)
                for name, statement in statements.items():
                    cursor.execute(statement % {"first": first, "last": last, "all": entries, "large": LARGE})
                    if name == "made":
                        cursor.execute("ANALYZE bench_made")
                    elif first == 1:  # or the joins of the next ones believe that it is empty
                        cursor.execute(f"ANALYZE {table_of(name)}")
                say(f"{last} entries")
        finally:
            cursor.execute("SET session_replication_role = origin")
            for trigger in LISTED:
                cursor.execute(f"ALTER TABLE intake_entry ENABLE TRIGGER {trigger}")
        for table in _TABLES:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )
        cursor.execute("DROP TABLE bench_made")
        say("analysing")
        cursor.execute("VACUUM ANALYZE")


def _companies(count: int) -> None:
    bureau = User.objects.create_user(email="bureau@bench.example", name="Beatriz Bureau", password=None)
    now = timezone.now()
    for number in range(1, count + 1):
        name = "Grande Indústria S.A." if number == 1 else f"Cliente {number:03} Ltda"
        company = Company.objects.create(name=name, document=f"{number:014}")
        approver = _person(f"aprova{number}", f"Aprovador {number:03}")
        people = [(bureau, Role.FINANCE), (approver, Role.APPROVER)]
        people += [
            (_person(f"pede{number}.{each}", f"Solicitante {number:03}.{each}"), Role.REQUESTER)
            for each in range(REQUESTERS if number == 1 else 2)
        ]
        Membership.objects.bulk_create(
            Membership(user=user, company=company, role=role) for user, role in people
        )
        account = Connection.objects.create(
            company=company, name="Conta Azul", state=Connection.State.CONNECTED, authorised_at=now,
            authorised_by=bureau, last_good_call_at=now + timedelta(days=365), directory_synced_at=now,
        )  # fmt: skip
        banks = [
            BankAccount.objects.create(company=company, name=name, is_default=name == "Itaú")
            for name in ("Itaú", "Caixa")
        ]
        categories = [
            Category.objects.create(company=company, kind="payable", name=each) for each in CATEGORIES
        ]
        categories += [
            Category.objects.create(company=company, kind="receivable", name=each) for each in INCOME
        ]
        for place, each in enumerate(CENTRES):
            CostCentre.objects.create(
                company=company, code=f"{place:02}", name=each, normalised_name=each.lower()
            )
        there = [{"category": each} for each in categories] + [{"bank_account": each} for each in banks]
        Counterpart.objects.bulk_create(
            Counterpart(connection=account, remote_id=f"r{number}-{place}", **each)
            for place, each in enumerate(there)
        )
        for place, (named, type_, choices) in enumerate(OWN if number == 1 else ()):
            CustomField.objects.create(
                company=company,
                name=named,
                normalised_name=named.lower(),
                type=type_,
                choices=choices,
                position=place,
            )
        for trigger in Trigger:
            current_version(company, trigger)


def _person(address: str, name: str) -> User:
    return User.objects.create(email=f"{address}@bench.example", name=name, password="!")  # noqa: S106


_TABLES: Final = (
    "intake_entry",
    "intake_revision",
    "intake_split",
    "intake_instalment",
    "approval_round",
    "approval_step",
    "approval_asked",
    "approval_decision",
    "flow_run",
    "posting_posting",
    "posting_attempt",
    "history_chain",
    "history_record",
)


def table_of(block: str) -> str:
    return next(table for table in _TABLES if table.endswith(f"_{block}"))


def _statements() -> dict[str, str]:
    """The blocks of pages.sql, in their order."""
    text = Path(__file__).with_name("pages.sql").read_text()
    _head, *blocks = text.split("--@ ")
    return {name.strip(): sql for name, sql in (block.split("\n", 1) for block in blocks)}
