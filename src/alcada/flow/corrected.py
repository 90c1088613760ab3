"""From an approved correction to the intent to make it, and what follows when it is made, or left to a person."""

from django.utils import timezone

from alcada import links
from alcada.approval.models import Round
from alcada.flow import content as contents
from alcada.flow import correcting_rules as rules
from alcada.flow.models import Run
from alcada.intake import correcting as intake
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import content_of
from alcada.notify.actions import Message, settle, tell_all
from alcada.people.models import User
from alcada.people.queries import menders
from alcada.posting import corrections
from alcada.posting.models import Correction, CorrectionState, Posting, State

STOPPED = (CorrectionState.REFUSED, CorrectionState.UNDECIDED)


def is_correction(run: Run) -> bool:
    return bool(run.revision.kind == Revision.Kind.CORRECTION)


def posting_of(entry: Entry) -> Posting | None:
    """What a correction of the entry would change: what is posted, and known by its id there."""
    found = entry.postings.filter(state=State.POSTED).exclude(remote_event_id="")
    return found.select_related("connection").first()


def approved(run: Run, round_: Round, head: str) -> None:
    """The last decision: what it approved is what the entry says, and the intent to make it is saved with it.

    `head` is that of the entry's history.
    """
    revision = run.revision
    posting = posting_of(revision.entry)
    assert posting is not None  # the database refused the revision otherwise
    changes = rules.changes(content_of(intake.before(revision)), content_of(revision))
    intake.take_over(revision)
    corrections.intend(
        posting,
        revision=revision,
        round_=round_,
        content=contents.frozen_copy(revision, round_, head),
        changes=changes,
    )


def follow(correction: Correction, *, left: int = 0) -> None:
    """It ended: so does its run, and who has to know is told. In the caller's transaction. `left`: to be done there."""
    runs = Run.objects.filter(revision=correction.revision_id, state=Run.State.POSTING)
    runs.update(state=Run.State.DONE, ended_at=timezone.now())
    settle(_asked_key(correction))
    if correction.state == CorrectionState.LEFT:
        return  # who left it to themselves knows
    author = correction.revision.created_by
    people = {author.pk: author}
    if left:
        people |= {one.pk: one for one in _menders(correction)}
    template = "correction_left" if left else "entry_corrected"
    tell_all([_message(correction, one, template) for one in people.values() if one.is_active])


def tell_stopped(correction_id: int) -> None:
    """It waits for a person: its company's menders are told, once each time it stops."""
    correction = Correction.objects.select_related("revision__entry__company").get(pk=correction_id)
    if correction.state in STOPPED:
        tell_all([_message(correction, one, "correction_asks") for one in _menders(correction)])


def _menders(correction: Correction) -> list[User]:
    return menders(correction.revision.entry.company)


def _asked_key(correction: Correction) -> str:
    return f"correction_asks:{correction.pk}:{correction.attempts.count()}"


def _message(correction: Correction, to: User, template: str) -> Message:
    revision = correction.revision
    entry = revision.entry
    return Message(
        to=to,
        template=template,
        key=_asked_key(correction) if template == "correction_asks" else f"{template}:{correction.pk}",
        company=entry.company,
        link=links.entry(entry.pk, "books" if template == "correction_left" else "correction"),
        data={
            "number": str(entry.number),
            "party": revision.party_name,
            "description": revision.description,
            "amount": str(revision.amount),
            "company": entry.company.name,
        },
    )
