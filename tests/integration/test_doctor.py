"""The examination says what is wrong and what to do, and its report takes no secret out of the house."""

import json
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from stories import Account, approved, enter, post, submit

from alcada.config import doctor as command
from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Defaults
from alcada.flow import doctor, doctor_setup, returning
from alcada.flow.findings import Finding
from alcada.flow.report import report
from alcada.ledger.models import Poll
from alcada.posting import byhand
from alcada.posting.models import Posting, State


def found(code: str, *, online: bool = False) -> list[Finding]:
    return [one for one in doctor.examine(online=online) if one.code == code]


def test_every_finding_has_a_code_and_what_is_wrong_says_what_to_do(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    everything = doctor.examine(online=True)
    assert all(one.code for one in everything)
    assert all(one.todo for one in everything if one.level != "ok")
    assert {"database", "clock", "workers", "connections", "mapping", "postings", "history", "mail"} == {
        one.area for one in everything
    }


def test_a_database_that_does_not_answer_is_what_the_command_tells(tmp_path: Any) -> None:
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nowhere",
        "ALCADA_HOME": str(tmp_path),
        "LANG": "en",
    }
    told = subprocess.run(
        [sys.executable, "-m", "alcada", "doctor"],
        env=os.environ | away | {"LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 1
    assert told.stdout.startswith("✗ PostgreSQL does not answer (OperationalError).\n  → Start the product")
    assert "Traceback" not in told.stdout + told.stderr


def test_a_database_older_than_the_program_is_told_before_all_else(
    account: Account, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    applied = MigrationRecorder.applied_migrations
    last = ("intake", max(name for app, name in applied(MigrationRecorder(database)) if app == "intake"))
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda self: {key: row for key, row in applied(self).items() if key != last},
    )
    (only,) = doctor.examine(online=True)
    assert (only.code, only.level, only.facts["count"]) == ("database_older", "problem", 1)
    assert "alcada migrate" in only.todo


def test_a_check_that_fails_is_told_and_the_others_go_on(
    account: Account, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {one.code for one in doctor.examine(online=False)}

    def broken() -> Any:
        raise ValueError("12.345.678/0001-95")

    monkeypatch.setattr(doctor, "_HERE", (broken, *doctor._HERE))
    now = doctor.examine(online=False)
    assert {one.code for one in now} == usual | {"check_failed"}
    (failed,) = [one for one in now if one.code == "check_failed"]
    assert "ValueError" in failed.sentence
    assert "12.345" not in failed.sentence + str(failed.facts)


def test_each_account_and_what_its_postings_wait_for_is_told(account: Account, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    assert [one.level for one in found("connection")] == ["ok"]
    assert not found("postings_kept")
    Posting.objects.filter(pk=posting.pk).update(next_try_at=timezone.now() - timedelta(minutes=6))
    (kept,) = found("postings_kept")
    assert (kept.level, kept.facts["count"]) == ("problem", 1)
    assert kept.facts["oldest_s"] >= 360
    Connection.objects.filter(pk=account.pk).update(state=Connection.State.PAUSED)
    (stopped,) = found("connection_stopped")
    assert (stopped.level, stopped.facts["waiting"]) == ("problem", 1)
    assert not found("postings_kept")  # its account says why
    Posting.objects.update(state=State.REFUSED, reason="cannot_be_sent")
    assert [one.facts["count"] for one in found("refused")] == [1]
    Posting.objects.update(state=State.UNDECIDED, reason="not_found")
    assert [one.facts["count"] for one in found("undecided")] == [1]
    assert [one.level for one in found("connection_stopped")] == ["warning"]


def test_clocks_that_are_apart_are_told(
    account: Account, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("clock_database")[0].level == "ok"
    real = timezone.now
    monkeypatch.setattr(doctor_setup.timezone, "now", lambda: real() + timedelta(minutes=3))
    (told,) = found("clock_database")
    assert (told.level, told.facts["seconds"]) == ("problem", 180.0)
    assert "NTP" in told.todo


def test_conta_azuls_clock_is_compared_when_it_is_asked(
    account: Account, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [one.level for one in found("clock_conta_azul", online=True)] == ["ok"]
    there = doctor_setup.remote.clock()
    assert there is not None
    monkeypatch.setattr(doctor_setup.remote, "clock", lambda: there + timedelta(minutes=2))
    assert [one.level for one in found("clock_conta_azul", online=True)] == ["warning"]
    monkeypatch.undo()
    settings.CONTA_AZUL_API_URL = "http://127.0.0.1:9"
    assert [one.level for one in found("api_silent", online=True)] == ["warning"]


def test_jobs_that_wait_are_told(account: Account) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'cancelled' WHERE status = 'todo'")
        assert not found("jobs_wait")
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at, priority)"
            " VALUES ('default', 'alcada.jobs.tasks.sweep', '{}', now() - interval '20 minutes', 0)"
        )
    (told,) = found("jobs_wait")
    assert told.level == "problem"
    assert int(told.facts["oldest_s"]) >= 1200


@pytest.mark.parametrize("gone", ["switched off", "lost"])
def test_what_waiting_entries_name_and_the_account_lost_is_told(
    account: Account, ana: Any, bruno: Any, gone: str
) -> None:
    company = account.connection.company
    submit(enter(company, by=ana), by=ana)
    approved(company, ana=ana, bruno=bruno, document_number="NF 1002")
    assert found("mapping")
    for field in ("category", "bank_account"):
        rows = Counterpart.objects.filter(**{f"{field}__isnull": False})
        rows.update(active=False) if gone == "switched off" else rows.delete()
        (told,) = found(f"mapping_{field}")
        assert (told.level, told.facts["count"], told.facts["connection"]) == ("problem", 2, account.pk)
    assert not found("mapping")


def test_a_cost_centre_is_missed_only_where_it_was_switched_off(
    account: Account, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    submit(enter(company, by=ana), by=ana)
    centre = CostCentre.objects.get(company=company, code="ADM")
    assert not found("mapping_cost_centre")  # the posting creates it
    Counterpart.objects.update_or_create(
        connection=account.connection, cost_centre=centre, defaults={"remote_id": "x", "active": False}
    )
    assert found("mapping_cost_centre")


def test_usual_values_that_no_account_has_are_told(account: Account) -> None:
    company = account.connection.company
    category = Category.objects.filter(company=company, kind="payable").first()
    bank = BankAccount.objects.filter(company=company).first()
    Defaults.objects.update_or_create(
        company=company, kind="payable", defaults={"category": category, "bank_account": bank}
    )
    assert not found("usual_category")
    Counterpart.objects.filter(category=category).update(active=False)
    Counterpart.objects.filter(bank_account=bank).delete()
    assert found("usual_category")[0].facts["company"] == company.pk
    assert found("usual_bank_account")


def test_an_account_that_does_not_answer_is_told(account: Account, ana: Any, bruno: Any) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    Connection.objects.update(unreached_since=timezone.now())
    (told,) = found("connection_unreached")
    assert (told.level, told.facts["waiting"]) == ("problem", 1)


def test_what_should_be_looked_for_and_is_not_is_told(account: Account, ana: Any, bruno: Any) -> None:
    """Whatever a worker's heartbeat says: its loop may stand still."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    assert found("postings_flow")
    assert not found("postings_not_looked_for")
    long_ago = timezone.now() - timedelta(minutes=6)
    as_left = {"claim": uuid.uuid4(), "claim_until": long_ago, "next_try_at": None}
    for left in ({"state": State.SENDING, **as_left}, {"state": State.UNKNOWN, "next_try_at": long_ago}):
        Posting.objects.filter(pk=posting.pk).update(**{"claim": None, "claim_until": None, **left})
        (finding,) = found("postings_not_looked_for")
        assert finding.facts == {"count": 1}
        assert not found("postings_flow")


def test_an_account_whose_postings_nobody_follows_is_told(account: Account, ana: Any, bruno: Any) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    returning.queue_polls()
    assert [one.level for one in found("followed")] == ["ok"]
    Poll.objects.update(polled_at=timezone.now() - timedelta(hours=1))
    (told,) = found("not_followed")
    assert (told.level, told.facts) == ("warning", {"connection": account.pk})
    assert account.connection.company.name in told.sentence
    assert not found("followed")
    Connection.objects.update(state=Connection.State.PAUSED)  # nobody asks it: that is told already
    assert not found("not_followed")


def test_what_was_marked_without_an_id_is_told(account: Account, ana: Any, bruno: Any, clara: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    byhand.mark(posting.pk, by=clara, reason="x")
    assert found("by_hand_without_id")[0].facts == {"count": 1}
    assert not [one for one in doctor.examine(online=True) if one.code == "books_part"]


def test_the_report_tells_numbers_and_codes_and_nobodys_secrets(
    account: Account,
    sandbox: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    ana: Any,
    bruno: Any,
    clara: Any,
) -> None:
    monkeypatch.setenv("ALCADA_SMTP_URL", "smtp://carteiro:senha-secreta@mail.example:587")
    company = account.connection.company
    party = {"party_name": "Fornecedor Sigiloso Ltda", "party_document": "04252011000110"}
    approved(company, ana=ana, bruno=bruno, amount="9.876,54", **party)
    sandbox.faults(
        {
            "method": "POST",
            "kind": "error_before",
            "status": 400,
            "body": {"message": "CPF 111.444.777-35 inválido"},
        }
    )
    post(account)
    submit(enter(company, by=ana, document_number="NF 1002"), by=ana)
    refresh, access = "refresh-token-em-claro", "access-token-em-claro"
    Connection.objects.update(
        last_error=f"plan_refused\nSenhor {clara.name}, fale com 111.444.777-35, {refresh} {access}",
        state=Connection.State.PLAN_REFUSED,
    )
    Category.objects.filter(company=company).update(name="Honorários do Dr. Prado")
    Counterpart.objects.filter(category__isnull=False).update(active=False)
    whole = json.dumps(report(doctor.examine(online=True)), ensure_ascii=False)
    assert '"refused"' in whole
    assert '"mapping_category"' in whole
    assert '"plan_refused"' in whole
    assert "ALCADA_SMTP_URL" in whole
    kept = [
        company.name, company.document, "11.222.333", "Sigiloso", "04252011000110", "9876", "9.876", "1500", "1.500",
        ana.name, bruno.email, clara.name, "@", "111.444.777", "11144477735", refresh, access, "senha-secreta",
        "carteiro", "mail.example", "Honorários", "Papel A4", account.connection.name, account.connection.remote_name,
        settings.SECRET_KEY, os.environ["ALCADA_HOME"], os.environ["DATABASE_URL"],
    ]  # fmt: skip
    assert [one for one in kept if one and one in whole] == []


def test_the_command_prints_the_report(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    command.run(as_json=False, offline=True, as_report=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["versions"]["alcada"]
    assert {"findings", "postings", "connections", "settings"} <= set(printed)
