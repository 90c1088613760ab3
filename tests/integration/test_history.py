"""History holds, and whoever rewrites it is found."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.translation import override
from stories import Account, approved, post

from alcada.flow import doctor
from alcada.history import queries as history
from alcada.history.actions import UnknownEventError, record
from alcada.history.models import Chain, Record
from alcada.history.rules import fingerprint
from alcada.people.models import Company


def by_hand(statement: str, *values: Any) -> None:
    """What only somebody with the database in their hands can do: switch the guards off and write."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)


def problems(*, online: bool) -> list[str]:
    return [f.sentence for f in doctor.examine(online=online) if f.level == "problem" and f.area == "history"]


def test_an_event_nobody_registered_is_refused(company: Company) -> None:
    with pytest.raises(UnknownEventError), transaction.atomic():
        record("entry.aproved", company)


def test_a_record_outside_a_transaction_is_refused(transactional_db: None, company: Company) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("company.changed", company)


def test_the_way_of_an_entry_is_told_whole(account: Account, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    events = [row.event for row in history.of(posting.entry)]
    assert [e for e in events if not e.startswith("ledger.")] == [
        "entry.created",
        "entry.submitted",
        "approval.asked",
        "approval.step.approved",
        "approval.completed",
        "posting.intended",
        "posting.attempted",
        "posting.outcome",
        "posting.attempted",
        "posting.outcome",
        "posting.attempted",
        "posting.outcome",
        "posting.posted",
    ]
    assert not list(history.breaks())
    assert not problems(online=True)
    with override("en"):
        told = [finding.sentence for finding in doctor.examine(online=True)]
    name = f"{account.connection.company.name}, {account.connection.name}"
    assert f"{name}: Conta Azul's copy agrees with 1 history (payables)." in told


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE history_record SET data = '{}' WHERE event = 'entry.submitted'", "content"),
        (
            "UPDATE history_record SET actor_name = 'Somebody' WHERE event = 'approval.step.approved'",
            "content",
        ),
        ("DELETE FROM history_record WHERE event = 'approval.completed'", "missing"),
        ("DELETE FROM history_record WHERE event = 'posting.posted'", "head"),
    ],
)
def test_a_rewritten_record_is_found(
    account: Account, ana: Any, bruno: Any, statement: str, what: str
) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    by_hand(statement)
    assert what in {place.what for place in history.breaks()}
    assert problems(online=False)


def test_a_chain_rewritten_consistently_is_found_by_conta_azuls_copy(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """Who changes the decision's name and recomputes every hash fools our own arithmetic, and not their copy."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    rewrite(Chain.objects.get(kind="intake.entry", key=posting.entry_id), "Bruno Lima", "Zé Ninguém")
    assert not list(history.breaks())
    assert not problems(online=False)
    (sentence,) = problems(online=True)
    assert posting.reference in sentence


def rewrite(chain: Chain, old: str, new: str) -> None:
    previous = ""
    for row in chain.records.order_by("sequence"):
        name = new if row.actor_name == old else row.actor_name
        hash_ = fingerprint(
            previous=previous,
            kind=chain.kind,
            key=chain.key,
            sequence=row.sequence,
            event=row.event,
            at=row.at,
            actor=row.actor_id,
            actor_name=name,
            channel=row.channel,
            data=row.data,
        )
        by_hand(
            "UPDATE history_record SET actor_name = %s, previous = %s, hash = %s WHERE id = %s",
            name,
            previous,
            hash_,
            row.pk,
        )
        previous = hash_
    by_hand("UPDATE history_chain SET head = %s WHERE id = %s", previous, chain.pk)


def test_a_note_changed_in_conta_azul_is_told(account: Account, sandbox: Any, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    posting.refresh_from_db()
    sandbox.act(
        account.remote["id"],
        "edit",
        event=posting.remote_event_id,
        changes={"observacao": "pago em dinheiro"},
    )
    (sentence,) = problems(online=True)
    assert posting.reference in sentence


def test_an_entry_deleted_in_conta_azul_is_told(account: Account, sandbox: Any, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    posting.refresh_from_db()
    sandbox.act(account.remote["id"], "delete", event=posting.remote_event_id)
    (sentence,) = problems(online=True)
    assert posting.reference in sentence


def test_chains_are_apart_so_that_nothing_waits_behind_one_row(
    account: Account, ana: Any, bruno: Any
) -> None:
    for number in range(3):
        approved(account.connection.company, ana=ana, bruno=bruno, document_number=f"NF {number}")
    assert Chain.objects.filter(kind="intake.entry").count() == 3
    assert set(
        Record.objects.filter(sequence=1, chain__kind="intake.entry").values_list("previous", flat=True)
    ) == {""}
