"""A file that somebody imports, its lines, what each made, and how its columns were matched before."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Import(models.Model):
    """From its upload to its report. What is going on is in `state`; who works on it holds `turn`."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        UNREADABLE = "unreadable", _("Can't be read")
        MATCHING = "matching", _("Columns to confirm")
        CHECKING = "checking", _("Being checked")
        PREVIEW = "preview", _("To be decided")
        MAKING = "making", _("Being imported")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Nothing was imported")

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    what = models.CharField(max_length=20, default="entries")  # the kind of its rows (flow.importing)
    language = models.CharField(max_length=10)  # of whoever sent it: a worker's sentences are theirs to read
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()  # emptied at the end: it has names and bank details
    sheet = models.CharField(max_length=100, blank=True, default="")
    others = models.JSONField(default=list)  # its further sheets
    headers = models.JSONField(default=list)
    columns = models.JSONField(default=list)  # of each header the column that it is; empty: not read
    options = models.JSONField(default=dict)  # how the lines are read
    remembered = models.BooleanField(default=False)  # the columns are as somebody matched them before
    state = models.CharField(max_length=12, choices=State.choices, default=State.READING)
    problem = models.JSONField(
        default=dict
    )  # why it can't be read: a SheetError's code and figures; why nothing was made
    choice = models.JSONField(default=dict)  # which lines, and as what
    lines_count = models.PositiveIntegerField(default=0)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    turn = models.PositiveIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)  # last sign of whoever has the turn; null: nobody has
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["company", "sha256"]),
            models.Index(fields=["by", "-id"]),
            models.Index(
                fields=["beat_at"],
                condition=Q(state__in=["reading", "checking", "making"]),
                name="imports_going_on",
            ),
        ]


class Line(models.Model):
    """One line of the file. Lines that make one thing together have one `head`, whose outcome is that of all."""

    class Outcome(models.TextChoices):
        GOOD = "good", _("Good")
        ASKED = "asked", _("With a question")
        HELD = "held", _("Draft only")
        TWIN = "twin", _("Probably here already")
        BAD = "bad", _("With a problem")
        PART = "part", _("Part of another line")

    source = models.ForeignKey(Import, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    head = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, blank=True, default="")
    # Sentences: [{"line": 7, "column": "amount", "text": "…"}]; of what is asked about, `notes`.
    problems = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="import_line_once")]
        indexes = [
            models.Index(fields=["source", "outcome", "number"]),
            models.Index(fields=["source", "head"]),
        ]


class Made(models.Model):
    """What a line made. One line makes one thing, whoever tries it again."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="+")
    line = models.OneToOneField(Line, models.PROTECT, related_name="made")
    # One of them, as the import's kind has it.
    entry = models.OneToOneField("intake.Entry", models.PROTECT, null=True, related_name="imported")
    deal = models.OneToOneField("sales.Deal", models.PROTECT, null=True, related_name="imported")
    mark = models.CharField(max_length=64)  # of what it says: the same again, in another file, is recognised
    submitted = models.BooleanField(default=False)
    reason = models.JSONField(
        default=dict
    )  # why it stayed a draft: a SubmissionRefusedError's code and context

    class Meta:
        indexes = [models.Index(fields=["company", "mark"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False, deal__isnull=True)
                | Q(entry__isnull=True, deal__isnull=False),
                name="made_is_one_thing",
            )
        ]


class Matching(models.Model):
    """How a company's files with these headers are read: as somebody confirmed it last."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="+")
    what = models.CharField(max_length=20)
    signature = models.CharField(max_length=64)
    columns = models.JSONField()
    options = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "what", "signature"], name="matching_once")]
