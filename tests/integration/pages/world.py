"""What the pages' tests begin with: a company with an account, its people, a vendor, and ways to make entries.

No sandbox: what Conta Azul answered is written through the posting room's own functions.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from alcada.approval.models import Decision, Step
from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.directory.actions import save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Party
from alcada.flow import actions as flow
from alcada.intake import actions as intake
from alcada.intake import drafts
from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.posting import actions as posting
from alcada.posting import looking
from alcada.posting.models import Attempt, Posting
from alcada.posting.rules import Evidence, Outcome
from alcada.sales.actions import Content
from alcada.sales.actions import create as create_deal
from alcada.sales.models import Deal

VERDICT = Decision.Verdict


@dataclass
class World:
    company: Company
    ana: User  # enters
    bruno: User  # approves
    beatriz: User  # approves too
    clara: User  # administers the company
    connection: Connection
    category: Category
    centre: CostCentre
    account: BankAccount
    vendor: Party

    def draft(self, **changes: Any) -> dict[str, Any]:
        due = timezone.localdate() + timedelta(days=changes.pop("due_in", 10))
        return drafts.shaped(
            {
                "party": self.vendor.pk,
                "party_name": self.vendor.name,
                "description": "Papel A4, 10 caixas",
                "document_number": f"NF {Entry.objects.count() + 4711}",
                "amount": "1.234,56",
                "competence_date": drafts.day(timezone.localdate()),
                "bank_account": self.account.pk,
                "payment_method": "pix",
                "payment_details": "financeiro@papelaria.example",
                "splits": [{"category": self.category.pk, "cost_centre": self.centre.pk}],
                "instalments": [{"due_date": drafts.day(due)}],
                **changes,
            }
        )

    def typed(self, **changes: Any) -> Entry:
        return intake.start(self.company, "payable", by=self.ana, draft=self.draft(**changes))

    def submitted(self, **changes: Any) -> Entry:
        entry = self.typed(**changes)
        flow.submit(entry, by=self.ana)
        return Entry.objects.get(pk=entry.pk)

    def step(self, entry: Entry) -> Step:
        return Step.objects.get(round__entry=entry, state=Step.State.OPEN)

    def decided(
        self, entry: Entry, by: User, verdict: Decision.Verdict = VERDICT.APPROVE, comment: str = ""
    ) -> None:
        flow.decide(self.step(entry).pk, by=by, verdict=verdict, comment=comment)

    def approved(self, **changes: Any) -> Entry:
        entry = self.submitted(**changes)
        self.decided(entry, self.bruno)
        return entry

    def posting(self, entry: Entry) -> Posting:
        return Posting.objects.get(entry=entry)

    def sent(self, entry: Entry, outcome: Outcome) -> Posting:
        """The entry's posting after one create with this outcome."""
        key = self.posting(entry).pk
        # The database's clock stands still within a test's transaction: what is due now would be due later.
        Posting.objects.filter(pk=key).update(next_try_at=timezone.now() - timedelta(hours=1))
        token, _keys = posting.claim(self.connection.pk, 1)
        attempt = posting.start_attempt(
            key, token, kind=Attempt.Kind.ENTRY, request={"referencia_externa": self.posting(entry).reference}
        )
        return posting.finish_create(attempt, token, outcome)

    def posted(self, **changes: Any) -> Entry:
        entry = self.approved(**changes)
        key = f"evt-{entry.pk}"
        answer = Outcome(
            Attempt.Outcome.POSTED,
            status=201,
            body=f'{{"id": "{key}"}}',
            remote_id=key,
            remote_instalment_ids=(f"parc-{entry.pk}-1",),
        )
        self.sent(entry, answer)
        return entry

    def refused(self, **changes: Any) -> Entry:
        entry = self.approved(**changes)
        said = "Conta Azul refused: A conta financeira informada está inativa."
        self.sent(entry, Outcome(Attempt.Outcome.REFUSED, "refused", said, 400, '{"error": "conta inativa"}'))
        return entry

    def unknown(self, **changes: Any) -> Entry:
        entry = self.approved(**changes)
        said = "No clear answer came from Conta Azul (ReadError). It may have arrived: look before sending it again"
        self.sent(entry, Outcome(Attempt.Outcome.UNKNOWN, "may_have_arrived", said))
        return entry

    def deal(self) -> Deal:
        """One of Ana's that may be won, for the vendor, who is a customer too."""
        customer = save_party(
            self.company, name=self.vendor.name, document=self.vendor.document, is_customer=True
        )
        sales = Category.objects.create(company=self.company, kind="receivable", name="Vendas")
        Counterpart.objects.create(connection=self.connection, remote_id="remote-sales", category=sales)
        content = Content(
            title="Coffee break",
            customer=customer,
            value=Decimal("100.00"),
            owner=self.ana,
            terms="30/60",
            category=sales,
            bank_account=self.account,
        )
        return create_deal(self.company, content, by=self.ana)

    def undecided(self, **changes: Any) -> Entry:
        entry = self.unknown(**changes)
        look = {
            "reference": self.posting(entry).reference,
            "searched": ["newer list"],
            "failed": ["search: Conta Azul failed: em manutenção. Nothing was changed by this reading call"],
        }
        posting = self.posting(entry)
        assert posting.sent_at
        looking.not_found(
            posting.pk,
            look,
            sent_at=posting.sent_at,
            watched_s=86_400.0,
            conclusive=True,
            evidence=Evidence(seen=0, longest_lag_s=0.0),
        )
        return entry


def build(company: Company, *, ana: User, bruno: User, beatriz: User, clara: User) -> World:
    """The company connected, with one category, one account, one cost centre and one vendor."""
    connection = Connection.objects.create(
        company=company,
        name="Conta Azul",
        state=Connection.State.CONNECTED,
        remote_name="PADARIA PAO QUENTE LTDA",
        remote_document=company.document,
        authorised_at=timezone.now(),
        authorised_by=clara,
    )
    category = Category.objects.create(
        company=company, kind="payable", name="Material de escritório", parent_name="Despesas administrativas"
    )
    account = BankAccount.objects.create(company=company, name="Banco do Brasil 1234-5", is_default=True)
    centre = CostCentre.objects.create(
        company=company,
        code="ADM",
        name="Administração",
        normalised_name=documents.normalise_name("Administração"),
    )
    for field, thing in (("category", category), ("bank_account", account)):
        Counterpart.objects.create(connection=connection, remote_id=f"remote-{field}", **{field: thing})
    vendor = save_party(
        company,
        name="Papelaria Central Ltda",
        document="11222333000181",
        email="",
        is_vendor=True,
        is_customer=False,
    )
    return World(
        company,
        ana=ana,
        bruno=bruno,
        beatriz=beatriz,
        clara=clara,
        connection=connection,
        category=category,
        centre=centre,
        account=account,
        vendor=vendor,
    )
