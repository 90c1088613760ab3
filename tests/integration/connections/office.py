"""The sandbox's two companies, and ours that stand for them; Ana who may connect both."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

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


def open_office(sandbox: RunningSandbox) -> Office:
    """Two companies on both sides, the application registered on both."""
    standing.forget()
    remote.forget()
    sandbox.reset(companies=2)
    sandbox.application("our-app", "our-secret", [REDIRECT])
    ana = User.objects.create_user(
        email="ana.souza@alcada.example", name="Ana Souza", password="x", is_administrator=True
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


def member(name: str, company: Company, *roles: str) -> User:
    """A person with these roles in the company."""
    email = f"{name.split()[0].lower()}@alcada.example"
    user = User.objects.create_user(email=email, name=name, password="x")
    for role in roles:
        company.memberships.create(user=user, role=role)
    return user
