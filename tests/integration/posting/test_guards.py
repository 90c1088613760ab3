"""What the database itself refuses, whoever asks: these facts hold without any of our code."""

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from stories import Account, approved, enter, open_step, post, submit

from alcada.approval.models import Decision, Round
from alcada.connections.models import Connection
from alcada.intake.models import Revision
from alcada.people.models import Company
from alcada.posting.models import Posting, State


def copy_of(posting: Posting, **changes: Any) -> Posting:
    names = ("entry_id", "revision_id", "round_id", "connection_id", "kind", "content")
    return Posting(**{name: getattr(posting, name) for name in names} | {"reference": "ALC-222222"} | changes)


def revision_of(posting: Posting) -> Revision:
    old = posting.revision
    names = [
        f.attname for f in Revision._meta.concrete_fields if f.name not in ("id", "number", "content_hash")
    ]
    return Revision(
        **{name: getattr(old, name) for name in names},
        number=2,
        content_hash=hashlib.sha256(b"2").hexdigest(),
    )


def test_a_second_live_posting_is_refused(account: Account, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    with pytest.raises(IntegrityError, match="one_live_posting_per_entry"):
        copy_of(posting).save()


@pytest.mark.parametrize("sent", [False, True])
def test_an_entry_on_its_way_or_posted_takes_no_ordinary_revision(
    account: Account, ana: Any, bruno: Any, sent: bool
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    if sent:
        post(account)
    with pytest.raises(IntegrityError, match="posted or on its way"):
        revision_of(posting).save()


def test_a_posting_without_an_approved_round_is_refused(account: Account, ana: Any, bruno: Any) -> None:
    revision = submit(enter(account.connection.company, by=ana), by=ana)
    posting = Posting(
        entry=revision.entry,
        revision=revision,
        round=Round.objects.get(revision=revision),
        connection=account.connection,
        kind="payable",
        content={},
        reference="ALC-222222",
    )
    with pytest.raises(IntegrityError, match="no completed round"):
        posting.save()


def test_a_round_of_another_revision_does_not_serve(account: Account, ana: Any, bruno: Any) -> None:
    done = approved(account.connection.company, ana=ana, bruno=bruno)
    other = submit(enter(account.connection.company, by=ana, document_number="NF 9"), by=ana)
    with pytest.raises(IntegrityError, match="no completed round"):
        copy_of(done, entry_id=other.entry_id, revision_id=other.pk).save()


def test_a_posting_into_another_companys_account_is_refused(account: Account, ana: Any, bruno: Any) -> None:
    done = approved(account.connection.company, ana=ana, bruno=bruno)
    Posting.objects.filter(pk=done.pk).update(state=State.CANCELLED)
    other = Company.objects.create(name="Outra Ltda", document="45723174000110")
    theirs = Connection.objects.create(company=other, name="Conta Azul", state="connected")
    with pytest.raises(IntegrityError, match="another company's"):
        copy_of(done, connection_id=theirs.pk).save()


@pytest.mark.parametrize("field", ["content", "reference", "connection_id"])
def test_what_a_posting_sends_never_changes(account: Account, ana: Any, bruno: Any, field: str) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    changed = {"content": {"amount": "9000.00"}, "reference": "ALC-999999", "connection_id": account.pk + 1}
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(**{field: changed[field]})


def test_posted_stays_posted(account: Account, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    with pytest.raises(DatabaseError, match="posted stays posted"), transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(state=State.QUEUED)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE intake_revision SET amount = 1",
        "DELETE FROM intake_split",
        "UPDATE intake_instalment SET due_date = due_date + 1",
        "UPDATE approval_decision SET verdict = 'reject'",
        "DELETE FROM approval_decision",
        "UPDATE history_record SET event = 'x'",
        "DELETE FROM history_record",
        "DELETE FROM posting_posting",
        "DELETE FROM posting_attempt",
        "UPDATE flow_flowversion SET number = 7",
    ],
)
def test_what_was_submitted_decided_and_recorded_stands(
    account: Account, ana: Any, bruno: Any, statement: str
) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_revision_whose_parts_do_not_add_up_is_refused(account: Account, ana: Any, bruno: Any) -> None:
    revision = submit(enter(account.connection.company, by=ana), by=ana)
    with pytest.raises(IntegrityError, match="splits"), transaction.atomic():
        revision.splits.create(category=revision.splits.get().category, category_name="x", amount="0.01")


def test_who_entered_it_decides_nothing_even_by_hand(account: Account, ana: Any, bruno: Any) -> None:
    step = open_step(submit(enter(account.connection.company, by=ana), by=ana))
    with pytest.raises(IntegrityError, match="may not decide"):
        Decision.objects.create(step=step, by=ana, verdict="approve")
