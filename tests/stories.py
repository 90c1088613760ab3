"""What many tests begin with: a company connected to an account of the sandbox, an entry, its approval."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from alcada.approval.models import Decision, Step
from alcada.connections import actions as connections
from alcada.connections import authorisation, directory_sync, remote
from alcada.connections.models import Application, Connection
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import Category, CostCentre
from alcada.flow import actions as flow
from alcada.flow.dispatcher import Dispatcher
from alcada.intake import actions as intake
from alcada.intake import drafts
from alcada.intake.models import Entry, Revision
from alcada.people.models import Company, User
from alcada.posting.models import Posting, Sought


@dataclass(frozen=True)
class Account:
    """A company's account in the sandbox, connected."""

    connection: Connection
    remote: dict[str, Any]  # as the sandbox's reset answered it

    @property
    def pk(self) -> int:
        return self.connection.pk


def connect(company: Company, sandbox: Any, *, by: User, reset: bool = True, **settings: Any) -> Account:
    """Connect the company to an account of its own document; `reset` empties the sandbox first."""
    if reset:
        answer = sandbox.reset(
            companies=[{"name": company.name, "document": company.document}], seed=7, **settings
        )
        if not Application.objects.exists():
            register(answer["applications"][0], by=by)
        theirs = answer["companies"][0]
    else:
        theirs = next(c for c in sandbox.state()["companies"] if c["document"] == company.document)
        theirs = theirs | {"code": sandbox.codes(theirs["id"])["code"]}
    connection = connections.create_connection(by=by, company=company, name="Conta Azul")
    address = authorisation.begin(by=by, connection=connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    authorisation.finish(by=by, state=state, code=theirs["code"])
    directory_sync.fetch(connection.pk)
    connection.refresh_from_db()
    return Account(connection, theirs)


def register(application: dict[str, Any], *, by: User) -> None:
    """Enter the sandbox's application, as its reset answered it, for the installation."""
    connections.register_application(
        by=by,
        client_id=application["client_id"],
        client_secret=application["client_secret"],
        redirect_uri=application["redirect_uris"][0],
    )


def draft(company: Company, kind: str = "payable", **changes: Any) -> dict[str, Any]:
    """A draft that may be submitted: vendor, category, cost centre, one instalment. `changes` replace fields."""
    category = Category.objects.filter(company=company, kind=kind, active=True).first()
    centre = CostCentre.objects.filter(company=company, code="ADM").first() or save_cost_centre(
        company, code="ADM", name="Administração"
    )
    assert category
    filled = drafts.empty(company, kind, today=changes.pop("today", None) or _today()) | {
        "description": "Papel A4",
        "document_number": "NF 1001",
        "amount": "1.500,00",
        "payment_method": "boleto",
        "splits": [{"category": str(category.pk), "cost_centre": str(centre.pk), "amount": ""}],
        "instalments": [{"due_date": "10/12/2026", "amount": ""}],
        **changes,
    }
    if not filled.get("party"):
        party = save_party(
            company,
            name=changes.get("party_name", "Papelaria Aurora Ltda"),
            document=changes.get("party_document", "11222333000181"),
            is_vendor=kind == "payable",
            is_customer=kind == "receivable",
        )
        filled |= {"party": str(party.pk), "party_name": party.name}
    return filled


def enter(company: Company, *, by: User, kind: str = "payable", **changes: Any) -> Entry:
    return intake.start(company, kind, by=by, draft=draft(company, kind, **changes))


def submit(entry: Entry, *, by: User) -> Revision:
    return flow.submit(entry, by=by)


def open_step(revision: Revision) -> Step:
    return Step.objects.get(round__revision=revision, state=Step.State.OPEN)


def approve(revision: Revision, *, by: User, comment: str = "") -> None:
    flow.decide(open_step(revision).pk, by=by, verdict=Decision.Verdict.APPROVE, comment=comment)


def approved(company: Company, *, ana: User, bruno: User, kind: str = "payable", **changes: Any) -> Posting:
    """An entry from typing to its intent to post."""
    entry = enter(company, by=ana, kind=kind, **changes)
    approve(submit(entry, by=ana), by=bruno)
    return Posting.objects.get(entry=entry)


def post(account: Account) -> None:
    """Do what the account's dispatch job does, here and now."""

    async def once() -> None:
        try:
            await Dispatcher().drain(account.pk)
        finally:
            await remote.close()

    asyncio.run(once())


def come_due(account: Account, *, looks: bool = True) -> None:
    """The time of whatever waits on the account has come: tests don't wait for pauses.

    `looks`: also that of looking for what postings name.
    """
    now = timezone.now()
    Posting.objects.filter(connection_id=account.pk, next_try_at__isnull=False).update(next_try_at=now)
    if looks:
        Sought.objects.filter(connection_id=account.pk, ended="").update(next_look_at=now)


def watched(posting: Posting, minutes: float) -> None:
    """So long ago it was sent, and looked for ever since."""
    Posting.objects.filter(pk=posting.pk).update(watched_s=minutes * 60)


def books(sandbox: Any, document: str) -> dict[str, Any]:
    """The sandbox's whole books of one company."""
    return next(c for c in sandbox.state()["companies"] if c["document"] == document)


def _today() -> Any:

    return timezone.localdate()
