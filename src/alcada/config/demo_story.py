"""The demo's story: connect, enter, approve, post; then count the sandbox's books against what was approved."""

import time
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from alcada.approval.models import Decision, Step
from alcada.config import books, demo_sales
from alcada.config.demo import wait_until
from alcada.connections import actions as connections
from alcada.connections import authorisation
from alcada.connections.models import Connection
from alcada.directory.actions import Usual, save_cost_centre, set_defaults
from alcada.directory.models import Category, CostCentre
from alcada.flow import actions as flow
from alcada.intake import actions as intake
from alcada.intake import drafts, imports
from alcada.intake.models import Entry, Revision
from alcada.money import format_brl
from alcada.people import actions as people
from alcada.people.models import Company, Role, User
from alcada.posting.models import Posting, State

PEOPLE = [
    ("ana@padaria.example", "Ana Ribeiro", "enters bills"),
    ("bruno@padaria.example", "Bruno Carvalho", "approves"),
    ("clara@padaria.example", "Clara Nogueira", "administrator"),
]
COMPANIES = [
    {"name": "Padaria Horizonte Ltda", "trade_name": "Padaria Horizonte", "document": "99601234000151"},
    {"name": "Horizonte Eventos Ltda", "trade_name": "Horizonte Eventos", "document": "88601234000135"},
]
# Each with the category that its vendor's bills usually have.
SAMPLES = {
    "nfe-energia-servicos.xml": "Energia elétrica",
    "nfe-papelaria.xml": "Material de escritório",
    "nfe-equipamentos.xml": "Manutenção",
}


# Vendor, CNPJ, category, what for, amount, days until it is due.
WAITING = (
    ("Gelo do Vale Comércio de Gelo Ltda", "44556677000186", "Material", "Gelo para eventos", "1.180,00", 3),
    ("Fachada Viva Comunicação Visual Ltda", "30201099000150", "Manutenção", "Fachada nova", "18.900,00", 15),
)

PARTY = {"payable": "vendor", "receivable": "customer"}


class Story:
    """Tells itself through `say`; `control` speaks to the sandbox."""

    def __init__(self, control: Callable[..., Any], say: Callable[[str], None], password: str) -> None:
        self.control, self.say, self.password = control, say, password
        self.started = time.monotonic()
        self.approved: list[Entry] = []

    def tell(self) -> dict[str, Any]:
        with translation.override("pt-br"):
            reset = self.control("POST", "reset", {"companies": COMPANIES, "seed": 2026})
            self.before = self.control("GET", "state")["companies"]
            self._people()
            self._companies(reset)
            self._payables()
            self._receivable()
            self._sales()
            self._waiting()
            report = self._report()
            self.say("books          " + ", ".join(f"{name} {value}" for name, value in report.items()))
            return report

    def _people(self) -> None:
        emails = [email for email, _, _ in PEOPLE]
        clara = people.make_first_administrator(email=emails[2], name=PEOPLE[2][1], password=self.password)
        self.clara = clara
        self.ana, self.bruno = (
            User.objects.create_user(email=emails[i], name=PEOPLE[i][1], password=self.password)
            for i in (0, 1)
        )

    def _companies(self, reset: dict[str, Any]) -> None:
        application = reset["applications"][0]
        connections.register_application(
            by=self.clara,
            client_id=application["client_id"],
            client_secret=application["client_secret"],
            redirect_uri=application["redirect_uris"][0],
        )
        self.companies = []
        for given in reset["companies"]:
            company = Company.objects.create(name=given["name"], document=given["document"])
            people.set_roles(self.ana, company, [Role.REQUESTER])
            people.set_roles(self.bruno, company, [Role.APPROVER])
            people.set_roles(self.clara, company, [Role.ADMINISTRATOR])
            self._connect(company, given)
            self.companies.append(company)

    def _connect(self, company: Company, given: dict[str, Any]) -> None:
        connection = connections.create_connection(by=self.clara, company=company, name="Conta Azul")
        address = authorisation.begin(by=self.clara, connection=connection)
        state = parse_qs(urlsplit(address).query)["state"][0]
        authorisation.finish(by=self.clara, state=state, code=given["code"])
        wait_until(
            lambda: Connection.objects.filter(pk=connection.pk, directory_synced_at__isnull=False).exists(),
            "categories and accounts fetched",
        )
        connection.refresh_from_db()
        self.say(f"connected      {company.name} → Conta Azul account of {connection.remote_name}")

    def _payables(self) -> None:
        company = self.companies[0]
        self.centre = save_cost_centre(company, code="ADM", name="Administração da loja", by=self.clara)
        for sample, category in SAMPLES.items():
            usual = Usual(category=self._category(company, category), cost_centre=self.centre)
            set_defaults(company, "payable", usual, by=self.clara)
            upload = SimpleUploadedFile(sample, self._sample(sample), "application/xml")
            (report,) = imports.import_nfe(company, [upload], by=self.ana)
            if report.entry is None:
                raise RuntimeError(f"{report.name}: {report.sentences}")
            self._carry(report.entry, f"from {sample}")

    @staticmethod
    def _category(company: Company, words: str) -> Category | None:
        leaves = Category.objects.filter(company=company, kind="payable", active=True)
        return leaves.filter(name__icontains=words).first() or leaves.first()

    def _receivable(self) -> None:
        company = self.companies[1]
        category = Category.objects.filter(company=company, kind="receivable", active=True).first()
        centre = CostCentre.objects.filter(company=company, active=True).first()
        draft = drafts.empty(company, "receivable", today=timezone.localdate()) | {
            "new_party": "1",
            "party_name": "Festa & Cia Organização de Eventos Ltda",
            "party_document": "77390123000100",
            "description": "Buffet do casamento de dezembro",
            "document_number": "OS 118",
            "amount": "8.400,00",
            "splits": [{"category": str(category and category.pk), "cost_centre": str(centre and centre.pk)}],
            "instalments": [
                {"due_date": "10/12/2026", "amount": "4.200,00"},
                {"due_date": "11/01/2027", "amount": "4.200,00"},
            ],
        }
        entry = intake.start(company, "receivable", by=self.ana, draft=draft)
        entry = intake.settle_party(entry, by=self.ana)
        self._carry(entry, "typed")

    def _carry(self, entry: Entry, how: str) -> None:
        """One entry through submission and every step that asks."""
        revision = flow.submit(entry, by=self.ana)
        self.say(
            f"entered        no. {entry.number} {how}: {revision.party_name}, "
            f"{format_brl(revision.amount)}, by {self.ana}"
        )
        self._approve(entry, revision)

    def _sales(self) -> None:
        """Deals of Ana's; one is won, and its receivable makes itself."""
        deal = demo_sales.sell(self.companies[0], owner=self.ana, by=self.clara)
        assert deal.entry is not None
        self.say(
            f"won            deal no. {deal.number}: {deal.customer}, {format_brl(deal.value)}, by {self.ana}"
        )
        self._approve(deal.entry, deal.entry.revisions.get())

    def _waiting(self) -> None:
        """What stands in the inbox when the demo is up: one that is due soon, and one that two people decide on."""
        company = self.companies[0]
        for name, document, category, what, amount, days in WAITING:
            leaf = self._category(company, category)
            draft = drafts.empty(company, "payable", today=timezone.localdate()) | {
                "new_party": "1",
                "party_name": name,
                "party_document": document,
                "description": what,
                "amount": amount,
                "splits": [{"category": str(leaf and leaf.pk), "cost_centre": str(self.centre.pk)}],
                "instalments": [{"due_date": drafts.day(timezone.localdate() + timedelta(days=days))}],
            }
            entry = intake.start(company, "payable", by=self.ana, draft=draft)
            revision = flow.submit(intake.settle_party(entry, by=self.ana), by=self.ana)
            told = f"{revision.party_name}, {format_brl(revision.amount)}, for {self.bruno}"
            self.say(f"waits          no. {entry.number}: {told}")

    def _approve(self, entry: Entry, revision: Revision) -> None:
        """Every step that asks, and the posting."""
        while step := Step.objects.filter(round__revision=revision, state=Step.State.OPEN).first():
            person = next(asked.user for asked in step.asked.select_related("user"))
            flow.decide(step.pk, by=person, verdict=Decision.Verdict.APPROVE, channel="demo")
            self.say(f"approved       no. {entry.number} by {person} ({step.name})")
        self.approved.append(entry)
        decided = time.monotonic()
        wait_until(
            lambda: not Posting.objects.filter(entry=entry, state__in=["queued", "sending"]).exists(),
            "posted",
        )
        posting = Posting.objects.get(entry=entry)
        for attempt in posting.attempts.filter(kind__in=["person", "cost_centre"], outcome="posted"):
            what = "cost centre" if attempt.kind == "cost_centre" else PARTY[entry.kind]
            self.say(f"created        {what} {attempt.request.get('name')} ({attempt.remote_id})")
        if posting.state == State.POSTED:
            self.say(
                f"posted         no. {entry.number} as {posting.reference}, event {posting.remote_event_id}, "
                f"{time.monotonic() - decided:.1f} s after the last decision"
            )
        else:
            self.say(
                f"NOT POSTED     no. {entry.number}: {posting.get_state_display()} {posting.reason} {posting.detail}"
            )

    def _report(self) -> dict[str, Any]:
        """Counted from the sandbox's own books against what was approved."""
        now = self.control("GET", "state")["companies"]
        compared = books.compare(now, Posting.objects.filter(entry__in=self.approved))
        return compared | {
            "payables": sum(len(company["payables"]) for company in now),
            "receivables": sum(len(company["receivables"]) for company in now),
            "vendors_created": books.grown("people", self.before, now),
            "cost_centres_created": books.grown("cost_centres", self.before, now),
            "seconds": round(time.monotonic() - self.started, 2),
        }

    @staticmethod
    def _sample(name: str) -> bytes:
        return (resources.files("alcada.config") / "samples" / name).read_bytes()
