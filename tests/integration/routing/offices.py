"""Legal entities with several Conta Azul accounts each, connected to the sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cast import make_person
from django.test import Client
from stories import register

from alcada.connections import actions, authorisation, directory_sync
from alcada.connections.models import Application, Connection
from alcada.people.models import Company, Membership, Role, User


@dataclass
class Entity:
    """A company, its people's browser, and its accounts by name."""

    company: Company
    ana: User
    bruno: User
    clara: User
    accounts: dict[str, Connection] = field(default_factory=dict)

    @property
    def browser(self) -> Client:
        """The administrator's."""
        browser = Client()
        browser.force_login(self.clara)
        return browser

    @property
    def address(self) -> str:
        return f"/connections/routing/{self.company.pk}"


def open_entities(
    sandbox: Any, wanted: Mapping[tuple[str, str], Sequence[str]], *, fetch: bool = True
) -> list[Entity]:
    """`wanted`: (name, document) to the names of its accounts. Every account is a company of the sandbox."""
    given = [
        {"id": f"{document}-{index}", "name": name, "document": document}
        for (name, document), accounts in wanted.items()
        for index, _account in enumerate(accounts)
    ]
    answer = sandbox.reset(companies=given, seed=11)
    application = answer["applications"][0]
    entities = []
    people: dict[str, User] = {}
    for (name, document), accounts in wanted.items():
        company = Company.objects.create(name=name, document=document)
        for who, role in (
            ("Ana Souza", "requester"),
            ("Bruno Lima", "approver"),
            ("Clara Mendes", "administrator"),
        ):
            if who in people:
                Membership.objects.create(user=people[who], company=company, role=Role(role))
            else:
                people[who] = make_person(who, company, role)
        entity = Entity(company, *people.values())
        if not Application.objects.exists():
            register(application, by=entity.clara)
        for index, account in enumerate(accounts):
            connection = actions.create_connection(by=entity.clara, company=company, name=account)
            entity.accounts[account] = authorise(sandbox, entity, connection, f"{document}-{index}")
            if fetch:
                directory_sync.fetch(connection.pk)
        entities.append(entity)
    return entities


def authorise(sandbox: Any, entity: Entity, connection: Connection, theirs: str) -> Connection:
    """As if somebody had signed in to that account at Conta Azul and consented."""
    address = authorisation.begin(by=entity.clara, connection=connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    return authorisation.finish(by=entity.clara, state=state, code=sandbox.codes(theirs)["code"])


def rule_fields(
    name: str, to: str, *rows: tuple[str, str, str], match: str = "all", **more: str
) -> dict[str, str]:
    """What the form of a rule posts."""
    posted = {"name": name, "to": to, "match": match, "do": "save", **more}
    for index, (looked_at, comparison, value) in enumerate(rows):
        posted |= {
            f"rows-{index}-field": looked_at,
            f"rows-{index}-is": comparison,
            f"rows-{index}-value": value,
        }
    return posted
