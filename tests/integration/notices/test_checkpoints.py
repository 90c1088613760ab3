"""A checkpoint from a mailbox finds a database that was rewritten whole; and lets everything else be."""

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from integration.pages.world import World

from alcada.config import checkpoint as command
from alcada.flow import doctor_notices
from alcada.history import checkpoints
from alcada.history.actions import record
from alcada.history.models import Chain, Checkpoint, Record
from alcada.history.queries import breaks
from alcada.history.rules import fingerprint
from alcada.people.models import Company


def sent(company: Company) -> str:
    made = checkpoints.make(company)
    assert made is not None
    return checkpoints.line(made)


def verdict(text: str) -> str:
    (one,) = checkpoints.said(text)
    return checkpoints.verify(one).what


def as_superuser(statement: str, values: list[Any]) -> None:
    """What somebody with the database in their hands does: the guards of what is append-only are off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)


def rewrite(chain: Chain, change: Callable[[Record], None]) -> None:
    """Change the chain's second record, and make every hash after it, and the head, fit."""
    previous = ""
    for row in chain.records.order_by("sequence"):
        if row.sequence == 2:
            change(row)
        hash_ = fingerprint(
            previous=previous,
            kind=chain.kind,
            key=chain.key,
            sequence=row.sequence,
            event=row.event,
            at=row.at,
            actor=row.actor_id,
            actor_name=row.actor_name,
            channel=row.channel,
            data=row.data,
        )
        as_superuser(
            "UPDATE history_record SET data = %s, actor_name = %s, previous = %s, hash = %s WHERE id = %s",
            [json.dumps(row.data), row.actor_name, previous, hash_, row.pk],
        )
        previous = hash_
    as_superuser("UPDATE history_chain SET head = %s WHERE id = %s", [previous, chain.pk])


def test_what_was_sent_still_agrees_whatever_is_added(office: World) -> None:
    entry = office.submitted()
    line = sent(office.company)
    assert line.split()[3] == str(Record.objects.filter(chain__company=office.company).count())
    assert verdict(line) == "agrees"
    office.decided(entry, office.bruno)
    office.posted()
    office.submitted()
    assert verdict(line) == "agrees"


def test_a_database_rewritten_whole_is_found(office: World) -> None:
    entry = office.submitted()
    office.decided(entry, office.bruno)
    line = sent(office.company)
    office.posted()
    chain = Chain.objects.get(kind="intake.entry", key=entry.pk)
    rewrite(chain, lambda row: row.data.update({"hash": "0" * 64}))
    assert list(breaks()) == []  # the chains' own arithmetic says nothing
    assert verdict(line) == "rewritten"


def test_also_when_the_database_forgot_what_it_sent(office: World) -> None:
    entry = office.submitted()
    line = sent(office.company)
    as_superuser("DELETE FROM history_checkpoint WHERE true", [])
    (one,) = checkpoints.said(line)
    assert checkpoints.verify(one).good
    assert not checkpoints.verify(one).stored
    rewrite(Chain.objects.get(kind="intake.entry", key=entry.pk), lambda row: setattr(row, "actor_name", "X"))
    assert verdict(line) == "rewritten"


def test_an_entry_taken_out_whole_is_found(office: World) -> None:
    entry = office.submitted()
    office.submitted()
    line = sent(office.company)
    chain = Chain.objects.get(kind="intake.entry", key=entry.pk)
    as_superuser("DELETE FROM history_record WHERE chain_id = %s", [chain.pk])
    as_superuser("DELETE FROM history_chain WHERE id = %s", [chain.pk])
    assert verdict(line) == "rewritten"


def test_a_record_changed_under_its_old_hash_is_found(office: World) -> None:
    entry = office.submitted()
    line = sent(office.company)
    as_superuser(
        "UPDATE history_record SET actor_name = 'Outra' WHERE chain_id = (SELECT id FROM history_chain WHERE key = %s "
        "AND kind = 'intake.entry') AND sequence = 1",
        [entry.pk],
    )
    assert verdict(line) == "rewritten"


def test_an_end_cut_off_is_told_apart(office: World) -> None:
    office.submitted()
    line = sent(office.company)
    last = Record.objects.latest("pk")
    as_superuser("DELETE FROM history_record WHERE id = %s", [last.pk])
    as_superuser(
        "UPDATE history_chain SET length = length - 1, head = %s WHERE id = %s",
        [last.previous, last.chain_id],
    )
    assert verdict(line) == "missing"


def test_another_companys_history_is_not_in_it(office: World, other_company: Company, carla: Any) -> None:
    office.submitted()
    line = sent(office.company)
    with transaction.atomic():
        record("company.changed", other_company, by=carla, company=other_company)
    assert verdict(line) == "agrees"
    assert verdict(sent(other_company)) == "agrees"
    assert line.split()[1] != str(other_company.pk)


def test_what_was_being_written_is_waited_for(office: World) -> None:
    """A record with a smaller key may commit after one with a greater: a checkpoint in between would never agree."""
    office.submitted()
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record("company.changed", office.company, by=office.clara, company=office.company)
            wrote.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert wrote.wait(10)
    office.submitted()  # its keys are greater, and it is committed first
    threading.Timer(0.5, may_commit.set).start()
    line = sent(office.company)
    writer.join()
    assert verdict(line) == "agrees"


def test_a_writer_that_never_ends_makes_no_checkpoint(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office.submitted()
    monkeypatch.setattr(checkpoints, "WRITERS", type(checkpoints.WRITERS)(milliseconds=100))
    with transaction.atomic():
        record("company.changed", office.company, by=office.clara, company=office.company)
        with pytest.raises(checkpoints.BusyError):
            checkpoints.make(office.company)


def test_the_database_keeps_what_it_sent(office: World) -> None:
    office.submitted()
    sent(office.company)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Checkpoint.objects.update(count=1)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Checkpoint.objects.all().delete()


@pytest.mark.parametrize(
    "frame",
    [
        "{line}",
        "Bom dia,\n\n> Checkpoint: 12 records\n> {wrapped}\n>\n> -- \n> Alçada\n",
        "{flowed}",
    ],
)
def test_a_line_is_read_out_of_a_quoted_and_wrapped_mail(office: World, frame: str) -> None:
    office.submitted()
    line = sent(office.company)
    wrapped = line.replace(" ", "\n> ", 3)
    flowed = line[:-20] + "\r\n" + line[-20:] + "\r\n-- \r\nfim"
    assert verdict(frame.format(line=line, wrapped=wrapped, flowed=flowed)) == "agrees"


def test_the_command_says_so_and_ends_with_one_when_it_does_not_agree(
    office: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    entry = office.submitted()
    line = sent(office.company)
    assert command.run(f"…\n{line}\n", as_json=False) == 0
    assert "are still those that were sent" in capsys.readouterr().out
    rewrite(Chain.objects.get(kind="intake.entry", key=entry.pk), lambda row: setattr(row, "actor_name", "X"))
    assert command.run(line, as_json=False) == 1
    assert "Somebody rewrote the database" in capsys.readouterr().out
    assert command.run(line, as_json=True) == 1
    assert json.load(io.StringIO(capsys.readouterr().out))[0]["what"] == "rewritten"
    assert command.run("nada", as_json=False) == 2
    altered = line[:-1] + ("0" if line[-1] != "0" else "1")
    assert command.run(altered, as_json=False) == 1


def test_the_doctor_compares_the_latest_that_was_sent(office: World) -> None:
    entry = office.submitted()
    assert list(doctor_notices.sent_checkpoints()) == []
    sent(office.company)
    (found,) = doctor_notices.sent_checkpoints()
    assert (found.level, found.code) == ("ok", "checkpoints")
    rewrite(Chain.objects.get(kind="intake.entry", key=entry.pk), lambda row: setattr(row, "actor_name", "X"))
    (found,) = doctor_notices.sent_checkpoints()
    assert (found.level, found.code) == ("problem", "checkpoint_differs")


def test_one_made_within_the_hour_is_given_again(office: World) -> None:
    office.submitted()
    line = sent(office.company)
    office.submitted()
    assert sent(office.company) == line
