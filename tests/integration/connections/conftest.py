"""The sandbox with two companies, ours that stand for them, and the application registered on both sides."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from alcada.connections import actions, authorisation, remote, standing
from alcada.connections.models import Connection
from alcada.people.models import Company, Role, User
from conta_azul_sandbox.testing import RunningSandbox

REDIRECT = "https://alcada.example/connections/callback"


@dataclass(frozen=True)
class Account:
    """A company of the sandbox, and ours that stands for it."""

    id: str
    name: str
    company: Company


@dataclass(frozen=True)
class Office:
    """The sandbox, two companies, and Ana who may connect both."""

    sandbox: RunningSandbox
    ana: User
    first: Account
    second: Account

    def code(self, account: Account) -> str:
        """As if somebody had just signed in at Conta Azul and consented."""
        return str(self.sandbox.codes(account.id, "our-app", REDIRECT)["code"])

    def begin(self, connection: Connection, *, by: User | None = None) -> str:
        """Begin the consent, and return the state that Conta Azul would send back."""
        address = authorisation.begin(by=by or self.ana, connection=connection)
        return parse_qs(urlsplit(address).query)["state"][0]

    def new(self, account: Account) -> Connection:
        return actions.create_connection(by=self.ana, company=account.company, name="Matriz")

    def connect(self, account: Account) -> Connection:
        connection = self.new(account)
        state = self.begin(connection)
        return authorisation.finish(by=self.ana, state=state, code=self.code(account))

    def refreshes(self) -> int:
        """How many token requests the sandbox got, beside the exchange of codes."""
        return len(self.sandbox.calls(path="/oauth2/token"))


@pytest.fixture
def office(transactional_db: None, sandbox: RunningSandbox, settings: Any) -> Office:
    # Connections of helper threads end with their call: none may be open when the test database goes.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    standing.forget()
    remote.forget()
    sandbox.reset(companies=2)
    sandbox.application("our-app", "our-secret", [REDIRECT])
    ana = User.objects.create_user(
        email="ana@alcada.example", name="Ana Souza", password="uma frase longa", is_administrator=True
    )
    accounts = []
    for books in sandbox.state()["companies"]:
        company = Company.objects.create(name=books["name"], document=books["document"])
        company.memberships.create(user=ana, role=Role.ADMINISTRATOR)
        accounts.append(Account(books["id"], books["name"], company))
    actions.register_application(
        by=ana, client_id="our-app", client_secret="our-secret", redirect_uri=REDIRECT
    )
    return Office(sandbox, ana, *accounts)


@pytest.fixture
def stranger(office: Office) -> User:
    return User.objects.create_user(email="otto@alcada.example", name="Otto Lima", password="outra frase")
