"""Submitting under rules: the account and its reason are kept, told and shown; what can't be routed is refused."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from integration.routing.office import Office
from stories import approve, enter, submit

from alcada.connections.models import Connection
from alcada.connections.routing_actions import Target
from alcada.directory.models import Category
from alcada.flow.models import Run
from alcada.flow.rules import SubmissionRefusedError
from alcada.flow.ways import find_ways
from alcada.history.queries import of
from alcada.intake.models import Entry
from alcada.intake.rules import Problems
from alcada.people.models import Company
from alcada.posting.models import Posting

BILLS = ("kind", "=", "payable")


def told(entry: Entry) -> list[dict[str, Any]]:
    return [record.data for record in of(entry) if record.event == "entry.routed"]


def test_the_rule_and_its_account_are_in_the_history_and_before_the_approver(office: Office) -> None:
    office.rule("Contas grandes", office.matriz, ("amount", ">", "5000.00"))
    office.rule("Da loja", office.loja, BILLS)
    entry = enter(office.company, by=office.ana)
    revision = submit(entry, by=office.ana)
    assert told(entry) == [
        {"revision": 1, "by": "rule", "account": "Loja", "rule": "Da loja", "number": 2, "rules": 2}
    ]
    step = revision.rounds.get().steps.get()
    for who, page in ((office.bruno, f"/decisions/{step.pk}"), (office.ana, f"/entries/{entry.pk}")):
        shown = office.browser(who).get(page).content.decode()
        assert '<dd>Loja<span class="sub">pela regra 2, “Da loja”</span></dd>' in shown
    shown = office.browser(office.ana).get(f"/entries/{entry.pk}")
    assert "Vai para a conta Loja: pela regra 2, “Da loja”" in shown.content.decode()
    approve(revision, by=office.bruno)
    assert Posting.objects.get(entry=entry).connection == office.loja


def test_what_was_submitted_keeps_its_account_when_the_rules_change(office: Office) -> None:
    office.default(Target(office.matriz))
    entry = enter(office.company, by=office.ana)
    revision = submit(entry, by=office.ana)
    office.rule("Tudo para a loja", office.loja, BILLS)
    approve(revision, by=office.bruno)
    assert Posting.objects.get(entry=entry).connection == office.matriz
    assert Run.objects.get(revision=revision).routing["by"] == "default"


def test_several_accounts_and_nothing_that_says_which_is_refused(office: Office) -> None:
    entry = enter(office.company, by=office.ana)
    with pytest.raises(SubmissionRefusedError) as refusal:
        submit(entry, by=office.ana)
    assert refusal.value.code == "no_route"
    entry.refresh_from_db()
    assert entry.draft is not None
    assert not Run.objects.exists()


def test_pausing_one_account_leads_nothing_to_the_other(office: Office) -> None:
    office.default(Target(office.matriz))
    Connection.objects.filter(pk=office.matriz.pk).update(state=Connection.State.PAUSED)
    revision = submit(enter(office.company, by=office.ana), by=office.ana)
    assert Run.objects.get(revision=revision).connection == office.matriz


def test_a_single_account_needs_no_rules_and_makes_no_noise(office: Office) -> None:
    Connection.objects.filter(pk=office.loja.pk).update(authorised_at=None)
    entry = enter(office.company, by=office.ana)
    revision = submit(entry, by=office.ana)
    assert Run.objects.get(revision=revision).connection == office.matriz
    assert told(entry) == []


def test_a_refusal_reads_as_it_was_written(office: Office) -> None:
    office.rule("Folha", "Salários saem pela folha.", ("category", "=", str(office.rent.pk)))
    entry = enter(office.company, by=office.ana)
    browser = office.browser(office.ana)
    page = browser.get(f"/entries/{entry.pk}/edit?check=1").content.decode()
    assert "A regra 1, “Folha”, recusa este lançamento: Salários saem pela folha." in page
    with pytest.raises(SubmissionRefusedError) as refusal:
        submit(entry, by=office.ana)
    assert refusal.value.code == "route_refused"


def test_a_rule_to_an_account_that_was_never_connected_is_refused_with_its_name(office: Office) -> None:
    obra = Connection.objects.create(company=office.company, name="Obra")
    office.rule("Da obra", obra, BILLS)
    with pytest.raises(SubmissionRefusedError) as refusal:
        submit(enter(office.company, by=office.ana), by=office.ana)
    assert (refusal.value.code, refusal.value.context["account"]) == ("route_not_connected", "Obra")


def test_what_the_chosen_account_lacks_is_said_beside_the_field_before_people_are_asked(
    office: Office,
) -> None:
    """The other account has both: that is no comfort."""
    freight = Category.objects.create(company=office.company, kind="payable", name="Frete")
    office.matriz.counterparts.create(category=freight, remote_id="frete")
    office.loja.counterparts.filter(bank_account=office.bank).update(active=False)
    office.default(Target(office.matriz))
    office.rule("Da loja", office.loja, BILLS)
    splits = [
        {"category": str(office.rent.pk), "cost_centre": "", "amount": "500,00"},
        {"category": str(freight.pk), "cost_centre": "", "amount": "1.000,00"},
    ]
    entry = enter(office.company, by=office.ana, splits=splits)
    with pytest.raises(Problems) as problems:
        submit(entry, by=office.ana)
    assert set(problems.value.fields) == {"splits.1.category", "bank_account"}
    for sentence in problems.value.fields.values():
        assert "Loja" in sentence[0]
        assert "Da loja" in sentence[0]
    assert not Run.objects.exists()


def test_the_draft_says_where_it_would_go(office: Office) -> None:
    office.rule("Da loja", office.loja, BILLS)
    entry = enter(office.company, by=office.ana)
    page = office.browser(office.ana).get(f"/entries/{entry.pk}/edit?check=1")
    assert "Vai para a conta Loja: pela regra 1, “Da loja”." in page.content.decode()


def test_the_database_keeps_a_run_in_its_own_company(office: Office, other_company: Company) -> None:
    office.default(Target(office.matriz))
    revision = submit(enter(office.company, by=office.ana), by=office.ana)
    theirs = Connection.objects.create(company=other_company, name="Delas")
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(revision=revision).update(connection=theirs)


def test_trying_has_no_effect(office: Office) -> None:
    office.default(Target(office.matriz))
    entry = enter(office.company, by=office.ana)
    assert [step["type"] for step in find_ways([entry], office.ana)[0].path]
    assert told(entry) == []
    assert not Run.objects.exists()
