"""The bench's office: companies, people, connected accounts, and entries submitted for approval."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from alcada.approval.models import Decision, Step
from alcada.config.bench.control import Control
from alcada.connections import actions as connections
from alcada.connections import authorisation, directory_sync
from alcada.connections.access import AccessError
from alcada.connections.models import Connection
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Party
from alcada.flow import actions as flow
from alcada.intake import actions as intake
from alcada.intake import drafts
from alcada.intake.models import PaymentMethod
from alcada.people import actions as people
from alcada.people.models import Company, Role, User
from conta_azul import errors

TRIES: Final = 50
MANY: Final = 50  # accounts; with more, each has fewer vendors
CENTRES: Final = 4
AT_ONCE: Final = 500  # entries over all accounts; each account's are submitted together
LIMIT_CENTS: Final = 999_900  # below the shipped flow's limit: one approver decides


@dataclass
class Account:
    """One company with its Conta Azul account, and what its entries choose from."""

    company: Company
    connection: Connection
    remote_id: str
    parties: dict[str, list[Party]]
    categories: dict[str, list[Category]]
    centres: list[CostCentre]
    bank: BankAccount


class Office:
    """The companies and their people; `control` speaks to the sandbox."""

    def __init__(self, control: Control, seed: int) -> None:
        self.control = control
        self.source = random.Random(f"office {seed}")  # noqa: S311  (repeatable on purpose)
        self.accounts: list[Account] = []
        self.vendors = 0
        self._forms: dict[tuple[int, str], dict[str, Any]] = {}

    def warm(self) -> Iterator[int]:
        """An entry for each of an account's vendors and customers, over all cost centres: all are known there then."""
        return self.submit((self.vendors + self.vendors // 2) * len(self.accounts), warm=True)

    def open(self, reset: dict[str, Any]) -> None:
        """People, companies, connections: one account for each of the sandbox's companies but the last."""
        self.admin = people.make_first_administrator(
            email="admin@bench.example", name="Clara", password="x" * 20
        )
        self.requester = User.objects.create_user(email="ana@bench.example", name="Ana", password=None)
        self.approver = User.objects.create_user(email="bruno@bench.example", name="Bruno", password=None)
        self.vendors = 20 if len(reset["companies"]) <= MANY else 4
        application = reset["applications"][0]
        connections.register_application(
            by=self.admin,
            client_id=application["client_id"],
            client_secret=application["client_secret"],
            redirect_uri=application["redirect_uris"][0],
        )
        for theirs in reset["companies"][:-1]:
            self.accounts.append(self._account(theirs))

    def _account(self, theirs: dict[str, Any]) -> Account:
        company = Company.objects.create(name=theirs["name"], document=theirs["document"])
        people.set_roles(self.requester, company, [Role.REQUESTER])
        people.set_roles(self.approver, company, [Role.APPROVER])
        people.set_roles(self.admin, company, [Role.ADMINISTRATOR])
        connection = connections.create_connection(by=self.admin, company=company, name="Conta Azul")
        _persistently(lambda: self._consent(connection, theirs["id"]))
        _persistently(lambda: directory_sync.fetch(connection.pk))
        connection.refresh_from_db()
        for number in range(self.vendors):
            self._party(company, number, vendor=True)
        for number in range(self.vendors // 2):
            self._party(company, number, vendor=False)
        for number in range(CENTRES):
            save_cost_centre(company, code=f"B{number:02}", name=f"Centro {number:02} do banco")
        return _of(connection)

    def find(self) -> "Office":
        """The office that another process has opened."""
        users = {user.name: user for user in User.objects.all()}
        self.admin, self.requester, self.approver = (users[name] for name in ("Clara", "Ana", "Bruno"))
        self.accounts = [_of(row) for row in Connection.objects.select_related("company").order_by("pk")]
        return self

    def authorise(self, connection: Connection, remote_id: str) -> None:
        """As a person would: consent, come back with the code, and the directory is fetched."""
        self._consent(connection, remote_id)
        directory_sync.fetch(connection.pk)
        connection.refresh_from_db()

    def _consent(self, connection: Connection, remote_id: str) -> None:
        code = self.control("POST", "codes", {"company": remote_id})["code"]
        address = authorisation.begin(by=self.admin, connection=connection)
        state = parse_qs(urlsplit(address).query)["state"][0]
        authorisation.finish(by=self.admin, state=state, code=code)

    def mend(self, say: Callable[[str], None]) -> None:
        """What a person does whose account asks for it: authorise again, or "Fetch now" after the plan was settled."""
        broken = Connection.objects.exclude(state=Connection.State.CONNECTED).values_list("pk", "state")
        states = dict(broken)
        for account in self.accounts:
            state = states.get(account.connection.pk)
            try:
                if state == Connection.State.AUTHORISE:
                    self.authorise(account.connection, account.remote_id)
                elif state == Connection.State.PLAN_REFUSED:
                    directory_sync.fetch(account.connection.pk)
            except Exception as exc:  # this was struck too: the person tries again
                say(f"mending {account.company.name}: {type(exc).__name__}")

    def _party(self, company: Company, number: int, *, vendor: bool) -> Party:
        side = "Fornecedor" if vendor else "Cliente"
        document = _cnpj(self.source) if number % 4 else ""  # every fourth is known by name alone
        return save_party(
            company,
            name=f"{side} {number:03} {company.document[:4]} Ltda",
            document=document,
            is_vendor=vendor,
            is_customer=not vendor,
        )

    def submit(self, count: int, *, warm: bool = False, share: tuple[int, int] = (0, 1)) -> Iterator[int]:
        """Enter and submit `count` entries over all accounts in turn; yields each one's open step.

        `warm`: one for each party, so that afterwards all are known. `share`: (k, n) does the k-th of n parts.
        """
        numbers = range(share[0], count, share[1])
        for first in range(0, len(numbers), AT_ONCE):
            typed: dict[int, list[tuple[str, dict[str, Any]]]] = {}
            for number in numbers[first : first + AT_ONCE]:
                place, turn = number % len(self.accounts), number // len(self.accounts)
                typed.setdefault(place, []).append(self._typed(place, turn, number, warm=warm))
            for place, drafted in typed.items():
                entries = intake.start_all(self.accounts[place].company, drafted, by=self.requester)
                revisions = flow.submit_all(entries, by=self.requester)
                asked = Step.objects.filter(round__revision__in=revisions, state=Step.State.OPEN)
                yield from asked.order_by("pk").values_list("pk", flat=True)

    def _typed(self, place: int, turn: int, number: int, *, warm: bool) -> tuple[str, dict[str, Any]]:
        account = self.accounts[place]
        kind = "receivable" if (turn % 3 == 2 if not warm else turn >= self.vendors) else "payable"
        parties = account.parties[kind]
        party = parties[turn % len(parties)] if warm else self.source.choice(parties)
        bare = not warm and number % 7 == 0  # some name no cost centre; of the first, all do
        return kind, self._draft(account, kind, party, number, centre=None if bare else turn % CENTRES)

    def _draft(
        self, account: Account, kind: str, party: Party, number: int, *, centre: int | None
    ) -> dict[str, Any]:
        cents = self.source.randrange(1_000, LIMIT_CENTS)
        due = timezone.localdate() + timedelta(days=self.source.randrange(5, 60))
        parts = self.source.choice((1, 1, 1, 2, 3))
        splits = (
            self.source.sample(account.categories[kind], 2)
            if number % 5 == 0
            else [self.source.choice(account.categories[kind])]
        )
        shares = _parts(cents, len(splits))
        return self._fresh(account.company, kind) | {
            "party": str(party.pk),
            "party_name": party.name,
            "description": f"Bench {number}",
            "document_number": f"NF {number}",
            "amount": _typed(cents),
            "bank_account": str(account.bank.pk),
            "payment_method": self.source.choice(PaymentMethod.values),
            "splits": [
                {
                    "category": str(category.pk),
                    "cost_centre": "" if centre is None else str(account.centres[centre].pk),
                    "amount": _typed(share),
                }
                for category, share in zip(splits, shares, strict=True)
            ],
            "instalments": [
                {"due_date": (due + timedelta(days=30 * part)).strftime("%d/%m/%Y"), "amount": _typed(share)}
                for part, share in enumerate(_parts(cents, parts))
            ],
        }

    def _fresh(self, company: Company, kind: str) -> dict[str, Any]:
        if (company.pk, kind) not in self._forms:
            self._forms[company.pk, kind] = drafts.empty(company, kind, today=timezone.localdate())
        return self._forms[company.pk, kind]

    def approve(self, step_id: int) -> None:
        flow.decide(step_id, by=self.approver, verdict=Decision.Verdict.APPROVE, channel="bench")


def _persistently(work: Callable[[], object]) -> None:
    """A person whose connection is bad tries again."""
    for left in reversed(range(TRIES)):
        try:
            work()
            return
        except (errors.ContaAzulError, AccessError, authorisation.AuthorisationError):
            if not left:
                raise


def _typed(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02}"


def _of(connection: Connection) -> Account:
    company = connection.company
    sides = {"payable": "is_vendor", "receivable": "is_customer"}
    bank = BankAccount.objects.filter(company=company, active=True).exclude(type="RECEBA_FACIL_CARTAO")
    return Account(
        company,
        connection,
        connection.remote_id,
        {kind: list(Party.objects.filter(company=company, **{side: True})) for kind, side in sides.items()},
        {kind: list(Category.objects.filter(company=company, kind=kind, active=True)) for kind in sides},
        list(CostCentre.objects.filter(company=company, code__startswith="B")),
        bank[0],
    )


def _parts(cents: int, count: int) -> list[int]:
    """The value in so many parts that add up to it."""
    share = cents // count
    return [share] * (count - 1) + [cents - share * (count - 1)]


def _cnpj(source: random.Random) -> str:
    """A number of the right shape, made up."""
    digits = [source.randrange(10) for _ in range(8)] + [0, 0, 0, 1]
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    return "".join(map(str, digits))
