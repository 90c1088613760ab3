"""Making what the lines say: batch after batch, or all of it in one transaction."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from alcada.flow.importing.checking import batches
from alcada.flow.importing.kinds import Rows, kind_of
from alcada.flow.importing.verdicts import Outcome, Verdict, keep, wants
from alcada.history.actions import record
from alcada.people.models import Company
from alcada.people.queries import may
from alcada.sheets.lines import Row
from alcada.sheets.models import Import
from alcada.sheets.turns import beat, end

State = Import.State
TOGETHER: Final = 200
PROGRESS_EVERY_S: Final = 0.3


class _BadLineError(Exception):
    """Nothing is made: these lines can't be."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__(len(verdicts))
        self.verdicts = verdicts


def make(source: Import) -> None:
    """Make what was chosen, or what is left of it."""
    if not may(source.by, kind_of(source).ability, source.company):  # a role may have been taken meanwhile
        with transaction.atomic():
            if source.lines.filter(made__isnull=False).exists():
                _finish(source, problem={"code": "stopped"})
            else:
                _refuse(source, {"code": "not_allowed"})
        return
    if source.choice["which"] == "all":
        try:
            with transaction.atomic():
                with _Beside(source) as told:
                    _make_all(source, told)
                _finish(source)  # locks its row: whoever tells beside has to be done with it
        except _BadLineError as error:
            with transaction.atomic():
                keep(source.pk, error.verdicts)
                _refuse(source, {"code": "bad_lines", "count": len(error.verdicts)})
        return
    rows = kind_of(source).rows(source)
    done = source.lines.filter(made__isnull=False).count()
    for groups in batches(source, TOGETHER, _to_make(source)):
        with transaction.atomic():
            _make_batch(source, rows, groups)
            done += len(groups)
            beat(source, progress=done)
    with transaction.atomic():
        _finish(source)


def _to_make(source: Import) -> Any:
    outcomes = [outcome for outcome in Outcome.values if wants(outcome, source.choice)]
    return source.lines.filter(outcome__in=outcomes, made=None)


def _make_batch(source: Import, rows: Rows, groups: Sequence[Sequence[Row]]) -> list[Verdict]:
    # One at a time in a company: two imports of the same lines would look for each other before either is there.
    Company.objects.select_for_update().get(pk=source.company_id)
    numbers = [group[0].number for group in groups]
    lines = {line.number: line for line in source.lines.filter(number__in=numbers)}
    verdicts = rows.make(groups, lines, source.choice)
    # What went wrong since it was checked, or looks like something that came meanwhile, is told as it is now.
    changed = [one for one in verdicts if lines[one.number].outcome != one.outcome]
    keep(source.pk, changed)
    return verdicts


def _make_all(source: Import, told: Callable[[int], None]) -> None:
    rows = kind_of(source).rows(source)
    bad: list[Verdict] = []
    done = 0
    for groups in batches(source, TOGETHER, _to_make(source)):
        verdicts = _make_batch(source, rows, groups)
        bad += [one for one in verdicts if one.outcome == Outcome.BAD]
        done += len(groups)
        told(done)
    if bad:
        raise _BadLineError(bad)


def _refuse(source: Import, why: dict[str, Any]) -> None:
    record("import.refused", source, by=source.by, company=source.company, data=why)
    end(source, state=State.REFUSED, problem=why, content=b"", finished_at=timezone.now())


def _finish(source: Import, **fields: Any) -> None:
    made = source.lines.filter(made__isnull=False)
    figures = {"made": made.count(), "submitted": made.filter(made__submitted=True).count()}
    left = source.lines.filter(number=F("head"), made=None)
    figures |= {"bad": left.filter(outcome=Outcome.BAD).count()}
    figures |= {"left": left.exclude(outcome=Outcome.BAD).count()}
    record("import.done", source, by=source.by, company=source.company, data=figures)
    # What was made is in the entries, or deals; what was not is told by its problems.
    source.lines.filter(Q(made__isnull=False) | Q(outcome=Outcome.PART)).update(cells=[])
    summary = source.summary | {"done": figures}
    end(source, state=State.DONE, summary=summary, content=b"", finished_at=timezone.now(), **fields)


class _Beside:
    """How far a long transaction is, told on a connection of its own: what it writes nobody sees before its end."""

    def __init__(self, source: Import) -> None:
        self._mine = Import.objects.filter(pk=source.pk, turn=source.turn)
        self._latest = self._written = 0
        self._over = Event()
        self._thread = Thread(target=self._write, name="progress")

    def __call__(self, done: int) -> None:
        self._latest = done

    def __enter__(self) -> "_Beside":
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            while not self._over.wait(PROGRESS_EVERY_S):
                # Also while nothing is new: it is the sign of life.
                self._written = self._latest
                self._mine.update(progress=self._written, beat_at=timezone.now())
        finally:
            connection.close()  # this thread's own
