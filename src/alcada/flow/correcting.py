"""Correcting what is posted: begin → submit → decide → make. What was approved stays as it is until that is approved.

The decision is `actions.decide`, as for any entry; how a correction is made: `patching`.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from alcada.approval import actions as approval
from alcada.approval.models import Round, Step
from alcada.connections.models import Connection
from alcada.flow import actions as flow
from alcada.flow import corrected, telling
from alcada.flow import correcting_rules as rules
from alcada.flow.following import follow_new
from alcada.flow.models import Run
from alcada.flow.patching import also_left, pending
from alcada.flow.ways import Planner
from alcada.intake import correcting as intake
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import content_of, may_change
from alcada.intake.rules import ChangedMeanwhileError, Content, NotYoursError
from alcada.ledger import corrected as ledger
from alcada.ledger.models import EntryState
from alcada.notify.actions import settle
from alcada.people.models import User
from alcada.people.queries import may
from alcada.posting import corrections
from alcada.posting.models import CORRECTION_ENDED, Correction, Posting


class NotNowError(Exception):
    """It can't be corrected now: it is not posted, or another correction is under way."""


class NothingChangedError(Exception):
    """The correction says what was approved already."""


@dataclass(frozen=True)
class Checked:
    """What may be submitted: the content, what it changes and who makes each change."""

    posting: Posting
    content: Content
    changes: list[dict[str, Any]]

    @property
    def connection(self) -> Connection:
        return self.posting.connection


def may_begin(user: User, entry: Entry) -> bool:
    """Is there something posted to correct, and may this person?"""
    return may_change(user, entry) and may(user, "entry.create", entry.company) and _is_free(entry)


def _is_free(entry: Entry) -> bool:
    if entry.draft is not None or corrected.posting_of(entry) is None:
        return False
    under_way = entry.corrections.exclude(state__in=CORRECTION_ENDED)
    return not under_way.exists() and not entry.rounds.filter(state=Round.State.OPEN).exists()


def begin(entry: Entry, *, by: User) -> Entry:
    """Open a draft of what was approved last. Raises NotYoursError, NotNowError."""
    if not may(by, "entry.create", entry.company):
        raise NotYoursError
    with transaction.atomic():
        locked = Entry.objects.select_for_update(of=("self",)).select_related("company").get(pk=entry.pk)
        if locked.correction is None and not _is_free(locked):
            raise NotNowError
        return intake.begin(locked, by=by)


def check(entry: Entry) -> Checked:
    """Read the draft, and see that the account has what it names.

    Raises Problems, NotBeingEditedError, NotNowError, NothingChangedError.
    """
    posting = corrected.posting_of(entry)
    if posting is None or entry.current is None:
        raise NotNowError
    content = intake.check(entry, posting.connection)
    changes = rules.changes(content_of(entry.current), content)
    if not changes:
        raise NothingChangedError
    return Checked(posting, content, changes)


def submit(entry: Entry, *, by: User) -> Revision:
    """Freeze the correction as a revision of its own kind, and ask the first people.

    Raises as `check`, and NotYoursError, rules.SubmissionRefusedError, ChangedMeanwhileError; all leave it as it was.
    """
    if not may(by, "entry.create", entry.company):
        raise NotYoursError
    checked = check(entry)
    version, path = Planner(entry.company).plan(entry, checked.content, by)
    with transaction.atomic():
        locked = Entry.objects.select_for_update(of=("self",)).select_related("company").get(pk=entry.pk)
        if locked.correction != entry.correction or locked.current_id != entry.current_id:
            raise ChangedMeanwhileError
        if not _is_free(locked):
            raise NotNowError
        revision = intake.freeze(entry, checked.content, by=by, changes=checked.changes)
        run = Run.objects.create(version=version, revision=revision, connection=checked.connection, path=path)
        flow.ask_all([(run, min(part.due_date for part in checked.content.instalments))], by=by)
        return revision


def withdraw(entry: Entry, *, by: User) -> None:
    """Take a correction back that is in approval: a draft again, and what was approved stays. As actions.withdraw."""
    with transaction.atomic():
        entry = Entry.objects.select_for_update(of=("self",)).select_related("company").get(pk=entry.pk)
        if not may_change(by, entry):
            raise NotYoursError
        open_ = entry.rounds.filter(state=Round.State.OPEN, revision__kind=Revision.Kind.CORRECTION)
        round_ = open_.select_related("revision").first()
        if round_ is None:
            raise NotNowError
        for step in round_.steps.filter(state=Step.State.OPEN):
            settle(telling.asked_key(step.pk))
        approval.withdraw(round_.pk, by=by)
        flow.end(Run.objects.select_for_update().get(revision_id=round_.revision_id))
        intake.reopen(round_.revision)


def leave(correction_id: int, *, by: User, reason: str) -> Correction:
    """What could not be made a person does in Conta Azul: it stays to do until it is seen there.

    Raises BusyError, MoveNotAllowedError.
    """
    correction = Correction.objects.select_related("posting").get(pk=correction_id)
    follow_new(correction.connection_id)
    with transaction.atomic():
        left = corrections.leave(correction_id, by=by, reason=reason, left=rules.not_here(correction.changes))
        state = EntryState.objects.get(posting=left.posting_id)
        if state.pending is None:
            ledger.expect(state.pk, pending(left))
        ledger.take_over(state.pk, None, correction_id=left.pk, also=also_left(left))
        corrected.follow(left)
        return left
