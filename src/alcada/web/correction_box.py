"""Where the correction of a posted entry is, for its page and for whoever decides on it."""

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.approval.models import Round
from alcada.directory.models import Counterpart
from alcada.flow import correcting
from alcada.flow.correcting_rules import changes
from alcada.intake import correcting as intake
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import content_of, may_change
from alcada.ledger.models import Difference
from alcada.people.models import User
from alcada.people.queries import may, menders
from alcada.posting.models import CORRECTION_ENDED, Correction, CorrectionState, Posting
from alcada.web import correction_words as words
from alcada.web import moments, next_words, reasons, returned


@dataclass(frozen=True)
class Box:
    """`stage`: "" (none), "draft", "asked", or the state of what is being made."""

    stage: str = ""
    may_begin: bool = False
    may_change: bool = False
    mends: bool = False
    correction: Correction | None = None
    revision: Revision | None = None
    label: str = ""
    tone: str = ""
    reason: reasons.Reason | None = None
    groups: list[words.Group] = field(default_factory=list)
    conflicts: list[words.Conflict] = field(default_factory=list)
    next: str = ""
    owners: list[str] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        return self.stage in ("queued", "sending", "unknown")

    @property
    def token(self) -> list[object]:
        """What changes when the page should."""
        made = self.correction
        state = [made.pk, made.state, made.reason, made.next_try_at] if made else []
        return [self.stage, self.may_begin, self.revision.pk if self.revision else None, *state]


def of(user: User, entry: Entry, posting: Posting | None, round_: Round | None) -> Box:
    """What the entry's page shows of its correction."""
    if posting is None or posting.state != "posted":
        return Box()
    if entry.correction is not None:
        return _draft(user, entry, round_)
    if round_ and round_.state == Round.State.OPEN and round_.revision.kind == Revision.Kind.CORRECTION:
        return Box(
            stage="asked",
            may_change=may_change(user, entry),
            revision=round_.revision,
            label=_("In approval"),
            tone="blue",
            groups=of_revision(round_.revision),
        )
    live = entry.corrections.exclude(state__in=CORRECTION_ENDED).select_related("connection").first()
    if live is None:
        return Box(may_begin=correcting.may_begin(user, entry))
    return _made(user, entry, live)


def of_revision(revision: Revision) -> list[words.Group]:
    """What a correction changes, by who makes each change."""
    before = content_of(intake.before(revision))
    return words.groups(changes(before, content_of(revision)))


def differs_there(posting: Posting | None) -> list[returned.Told]:
    """What somebody changed in Conta Azul, for whoever decides on a correction of it."""
    standing = Difference.objects.filter(posting=posting, settled_at=None).select_related("accepted_by")
    return [returned.told(one) for one in standing.order_by("number", "pk")]


def _draft(user: User, entry: Entry, round_: Round | None) -> Box:
    text = _("A correction is being written. What was approved stays until it is approved too.")
    if round_ and round_.state == Round.State.SENT_BACK and round_.revision.kind == Revision.Kind.CORRECTION:
        text = _("The correction was sent back, to be changed and sent again.")
    return Box(stage="draft", may_change=may_change(user, entry), label=_("Draft"), tone="grey", next=text)


def _made(user: User, entry: Entry, live: Correction) -> Box:
    label, tone = words.STATES[CorrectionState(live.state)]
    stopped = live.state in (CorrectionState.REFUSED, CorrectionState.UNDECIDED)
    owners = [one.name for one in menders(entry.company)] if stopped else []
    when = moments.at_moment(live.next_try_at) if live.next_try_at else ""
    waits = bool(live.next_try_at and live.next_try_at > timezone.now())
    told = (
        _("The correction needs a person: %(people)s.") % {"people": next_words.either(owners)}
        if stopped
        else words.next_of(live, when, waits)
    )
    return Box(
        stage=live.state,
        mends=may(user, "posting.mend", entry.company),
        correction=live,
        label=str(label),
        tone=tone,
        reason=words.reason(live),
        groups=words.groups(live.changes),
        conflicts=words.conflicts(live, _account_names(live)) if live.conflicts else [],
        next=told,
        owners=owners,
    )


def _account_names(live: Correction) -> dict[str, str]:
    there = Counterpart.objects.filter(connection_id=live.connection_id, bank_account__isnull=False)
    return {row.remote_id: row.remote_name for row in there}


def context_of_round(round_: Round) -> dict[str, Any]:
    """For the page that decides: empty unless it is a correction that is decided on."""
    revision = round_.revision
    if revision.kind != Revision.Kind.CORRECTION:
        return {}
    posting = Posting.objects.filter(entry=revision.entry_id, state="posted").first()
    return {
        "correction_groups": of_revision(revision),
        "correction_there": differs_there(posting),
        "posting": posting,
    }
