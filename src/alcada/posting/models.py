"""Postings: one approved revision on its way to, or in, Conta Azul; and every attempt at it."""

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alcada.directory.models import EntryKind


class State(models.TextChoices):
    QUEUED = "queued", _("Waiting to be posted")
    SENDING = "sending", _("Being posted")
    POSTED = "posted", _("Posted")
    REFUSED = "refused", _("Refused by Conta Azul")
    UNKNOWN = "unknown", _("Checking whether it arrived")
    UNDECIDED = "undecided", _("Needs a person")
    CANCELLED = "cancelled", _("Cancelled")


# From these two nothing stands, or may stand, in Conta Azul: the entry may take a new revision, another posting.
ENDED: Final = (State.REFUSED, State.CANCELLED)

# An entry stands in the books beside what we believed: as loud as a refusal, whatever the state.
LOUD: Final = ("late_answer", "second_event")
# A person said which entry of the account a posting is: one that carries our reference, or one in their own words (with
# no id at all, as long as nobody knows it).
ADOPTED: Final = "adopted"
BY_HAND: Final = "by_hand"
# Marked as posted by hand, and nobody said yet as which entry: it can't be followed there.
WITHOUT_ID: Final = Q(state="posted", reason=BY_HAND, remote_event_id="")
# Only a person gets it on, whatever becomes of its account. An index holds these alone.
STUCK: Final = Q(state__in=["refused", "undecided"]) | Q(reason__in=LOUD) | WITHOUT_ID

# All else raises TransitionNotAllowed. UNKNOWN goes back to the queue only when absence may be believed, or when a
# person says so after the looking has ended (UNDECIDED). QUEUED and REFUSED become UNKNOWN when a backup was restored,
# and POSTED when a person typed the entry at Conta Azul; QUEUED also by a late answer to a create believed absent.
TRANSITIONS: Final[dict[State, set[State]]] = {
    State.QUEUED: {State.SENDING, State.POSTED, State.UNKNOWN, State.CANCELLED},
    State.SENDING: {State.POSTED, State.QUEUED, State.REFUSED, State.UNKNOWN},
    State.UNKNOWN: {State.POSTED, State.QUEUED, State.UNDECIDED},
    State.UNDECIDED: {State.POSTED, State.QUEUED, State.UNKNOWN, State.CANCELLED},
    State.REFUSED: {State.QUEUED, State.POSTED, State.UNKNOWN, State.CANCELLED},
    State.POSTED: set(),
    State.CANCELLED: set(),
}


class Question(models.Model):
    """Which of theirs is ours, or may one be created? Postings that need the answer wait for it, refused.

    Nothing of them was sent. One open question per thing and account, however many postings wait: one answer, and all
    go on.
    """

    class Answer(models.TextChoices):
        OPEN = "", _("not answered yet")
        MAPPED = "mapped", _("one of theirs was chosen")
        RELEASED = "released", _("it may be created")
        DECLINED = "declined", _("it may not be created")
        SETTLED = "settled", _("it was found by itself")

    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="questions")
    kind = models.CharField(max_length=12)  # as directory.models.Counterpart's field
    thing = models.BigIntegerField()  # the key of ours
    profile = models.CharField(max_length=20, blank=True, default="")
    name = models.CharField(max_length=200)
    reason = models.CharField(max_length=60)
    candidates = models.JSONField(default=list)  # rules.Candidate as plain values
    # Of one that may have been created: what was looked for, and for how long.
    sought = models.ForeignKey("Sought", models.PROTECT, null=True, related_name="questions")
    opened_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "thing", "profile"],
                condition=Q(answer=""),
                name="one_open_question_per_thing",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="question_answered_has_its_time",
            ),
        ]


class Posting(models.Model):
    """One revision's way into one account. At most one live posting per entry; `content` is the frozen copy sent."""

    entry = models.ForeignKey("intake.Entry", models.PROTECT, related_name="postings")
    revision = models.ForeignKey("intake.Revision", models.PROTECT, related_name="postings")
    round = models.ForeignKey("approval.Round", models.PROTECT, related_name="+")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="postings")
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    reference = models.CharField(max_length=20, unique=True)
    content = models.JSONField()
    # Beside what it is of: what a company posted in a month is summed up from an index alone.
    amount = models.GeneratedField(
        expression=Cast(
            KeyTextTransform("amount", "content"), models.DecimalField(max_digits=14, decimal_places=2)
        ),
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    # A stable code for the reason of the state, and the sentence that came with it (Conta Azul's own words).
    reason = models.CharField(max_length=60, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    next_try_at = models.DateTimeField(default=timezone.now, null=True)
    urgent = models.BooleanField(
        default=False
    )  # somebody pressed and waits for it: before the account's others
    claim = models.UUIDField(null=True)  # who has it: a worker whose claim ran out finds another's here
    claim_until = models.DateTimeField(null=True)
    # What a person was asked when it stopped; of interest while it is refused for that question's reason.
    question = models.ForeignKey("Question", models.PROTECT, null=True, related_name="postings")
    sent_at = models.DateTimeField(null=True)  # when the create that may have arrived left
    # From when on it may stand there: the first attempt, or after a restore the intent. The feed is read from then.
    may_stand_since = models.DateTimeField(null=True)
    # How long it was surely watched for since it was sent, and up to when: summed up from look to look, for a clock
    # that jumps is no time that passed (`rules.watch`).
    watched_s = models.FloatField(default=0.0, db_default=0.0)
    watched_at = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0)
    resent = models.BooleanField(default=False)  # absence was believed once already
    remote_event_id = models.CharField(max_length=64, blank=True, default="")
    remote_instalment_ids = models.JSONField(default=list)
    posted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=~Q(state__in=["refused", "cancelled"]),
                name="one_live_posting_per_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state="posted") | ~Q(remote_event_id="") | Q(reason="by_hand"),
                name="posted_has_its_event",
            ),
            models.UniqueConstraint(
                fields=["connection", "remote_event_id"],
                condition=~Q(remote_event_id=""),
                name="one_posting_per_event",
            ),
            models.CheckConstraint(condition=Q(watched_s__gte=0), name="posting_watched_forward"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "-urgent", "next_try_at", "id"],
                condition=Q(state="queued"),
                name="posting_queue",
            ),
            models.Index(
                fields=["connection", "next_try_at"], condition=Q(state="unknown"), name="posting_to_look_for"
            ),
            models.Index(fields=["claim_until"], condition=Q(state="sending"), name="posting_claims"),
            models.Index(fields=["posted_at"], condition=Q(state="posted"), name="posting_posted_lately"),
            models.Index(
                fields=["connection", "posted_at"],
                include=["kind", "amount"],
                condition=Q(state="posted"),
                name="posting_posted_amounts",
            ),
            # A list of the refused, say, and how many there are of each: few among many.
            models.Index(fields=["state", "entry"], condition=~Q(state="posted"), name="posting_not_posted"),
            models.Index(fields=["connection"], condition=STUCK, name="posting_stuck"),
            # Those of which a person said something: by hand, adopted.
            models.Index(
                fields=["reason"], condition=Q(state="posted") & ~Q(reason=""), name="posting_posted_reasons"
            ),
        ]


class Attempt(models.Model):
    """One write to Conta Azul (or one look for it): committed before any bytes leave, finished with its outcome."""

    class Kind(models.TextChoices):
        ENTRY = "entry", _("Create the entry")
        PERSON = "person", _("Create the vendor or customer")
        PROFILE = "profile", _("Add the profile to the person")
        COST_CENTRE = "cost_centre", _("Create the cost centre")
        INSTALMENT = "instalment", _("Correct the instalment")
        LOOK_UP = "look_up", _("Look for the entry")

    class Outcome(models.TextChoices):
        POSTED = "posted", _("Done")
        REFUSED = "refused", _("Refused")
        NOT_SENT = "not_sent", _("Did not arrive")
        CONNECTION = "connection", _("Needs authorisation")
        UNKNOWN = "unknown", _("May have arrived")
        FOUND = "found", _("Found")
        NOT_FOUND = "not_found", _("Not found")
        SEVERAL = "several", _("More than one found")

    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="attempts")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="attempts")
    # Of an instalment's change; found by its posting, so that it needs no index of its own.
    correction = models.ForeignKey(
        "Correction", models.PROTECT, null=True, related_name="attempts", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # What is created: the lease's key. What is changed: the instalment's id there.
    key = models.CharField(max_length=255, blank=True, default="")
    request = models.JSONField(encoder=DjangoJSONEncoder)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default="")
    status = models.PositiveSmallIntegerField(null=True)
    detail = models.TextField(blank=True, default="")
    response = models.TextField(blank=True, default="")
    remote_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["connection", "kind", "key"])]


class Sought(models.Model):
    """A vendor, customer or cost centre whose create may have arrived.

    Until it is found, or its absence may be believed, whatever needs it waits, and nothing is created again.

    One open per name and account, looked for by whichever of those that wait comes first. Ended, it says why.
    """

    class Ended(models.TextChoices):
        OPEN = "", _("still looked for")
        THERE = "there", _("it is there")
        ABSENT = "absent", _("its absence was believed")
        RELEASED = "released", _("a person said that it is not there")

    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="sought")
    attempt = models.OneToOneField(Attempt, models.PROTECT, related_name="sought")  # the create in doubt
    kind = models.CharField(max_length=12, choices=Attempt.Kind.choices)
    key = models.CharField(max_length=255)  # as the attempt's
    # As a posting's: time that surely passed between one look and the next.
    watched_s = models.FloatField(default=0.0)
    watched_at = models.DateTimeField()
    looks = models.PositiveIntegerField(default=0)
    next_look_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # from then on it is a person's to say that it is not there
    ended = models.CharField(max_length=10, choices=Ended.choices, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "key"], condition=Q(ended=""), name="one_open_search_per_name"
            ),
            models.CheckConstraint(
                condition=Q(ended="", ended_at=None) | (~Q(ended="") & Q(ended_at__isnull=False)),
                name="search_ended_has_its_time",
            ),
            models.CheckConstraint(condition=Q(watched_s__gte=0), name="sought_watched_forward"),
        ]
        indexes = [models.Index(fields=["connection", "kind", "key"])]


class Bulk(models.Model):
    """One press over many postings: what was asked, how far it is, which were refused and why."""

    class Action(models.TextChoices):
        AGAIN = "again", _("Post again")
        LOOK = "look", _("Look again")
        CANCEL = "cancel", _("Cancel the posting")

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=300, blank=True, default="")
    sure = models.BooleanField(default=False)  # the person looked: none of them is in Conta Azul
    ids = ArrayField(models.BigIntegerField())
    position = models.PositiveIntegerField(default=0)  # how many were dealt with
    refused = models.JSONField(default=list)  # [posting, code] of `bulk.WHY`
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(action="cancel") | ~Q(reason=""), name="bulk_cancel_says_why")
        ]


class CorrectionState(models.TextChoices):
    QUEUED = "queued", _("Waiting to be made")
    SENDING = "sending", _("Being made")
    UNKNOWN = "unknown", _("Checking whether it arrived")
    REFUSED = "refused", _("Refused by Conta Azul")
    UNDECIDED = "undecided", _("Needs a person")
    DONE = "done", _("Made in Conta Azul")
    LEFT = "left", _("Left to a person")


# All else raises corrections.MoveNotAllowedError. LEFT: a person said that they do in Conta Azul what was not made.
CORRECTION_TRANSITIONS: Final[dict[CorrectionState, set[CorrectionState]]] = {
    CorrectionState.QUEUED: {CorrectionState.SENDING, CorrectionState.LEFT},
    CorrectionState.SENDING: {
        CorrectionState.QUEUED,
        CorrectionState.UNKNOWN,
        CorrectionState.REFUSED,
        CorrectionState.UNDECIDED,
        CorrectionState.DONE,
    },
    CorrectionState.UNKNOWN: {CorrectionState.SENDING},
    CorrectionState.REFUSED: {CorrectionState.QUEUED, CorrectionState.LEFT},
    CorrectionState.UNDECIDED: {CorrectionState.QUEUED, CorrectionState.LEFT},
    CorrectionState.DONE: set(),
    CorrectionState.LEFT: set(),
}
CORRECTION_ENDED: Final = (CorrectionState.DONE, CorrectionState.LEFT)


class Correction(models.Model):
    """An approved change of what is posted, on its way into the instalments that stand in Conta Azul.

    No create is ever made from it. At most one is under way per entry.
    """

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="corrections")
    entry = models.ForeignKey("intake.Entry", models.PROTECT, related_name="corrections")
    revision = models.OneToOneField("intake.Revision", models.PROTECT, related_name="made_by")
    round = models.ForeignKey("approval.Round", models.PROTECT, related_name="+")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="corrections")
    content = models.JSONField()  # what is approved now, as a posting's
    before = models.JSONField()  # what was approved before, likewise
    changes = models.JSONField()  # field, old, new and who makes it: what the approver saw
    state = models.CharField(max_length=12, choices=CorrectionState.choices, default=CorrectionState.QUEUED)
    # A stable code for the reason of the state, the sentence that came with it, and what stands there instead.
    reason = models.CharField(max_length=60, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    conflicts = models.JSONField(default=list)
    overwrite = models.JSONField(default=list)  # of the conflicts: what a person said may be written over
    tries = models.PositiveIntegerField(default=0)  # in a row, without getting further
    troubled_since = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(default=timezone.now, null=True)
    claim = models.UUIDField(null=True)
    claim_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=~Q(state__in=["done", "left"]),
                name="one_live_correction_per_entry",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "left"], ended_at__isnull=False)
                | (~Q(state__in=["done", "left"]) & Q(ended_at=None)),
                name="correction_ended_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["queued", "sending", "unknown"]),
                name="correction_under_way",
            )
        ]
