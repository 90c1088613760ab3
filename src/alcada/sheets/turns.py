"""Who works on an import: one at a time, until they are done or have given no sign for a while.

Whoever works writes each batch and its sign in one transaction. One whose turn was given to another finds out there,
and takes its batch back. So a killed worker is followed by another, and nothing is made by both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils import timezone

from alcada.sheets.models import Import

LOST_AFTER: Final = timedelta(seconds=90)


class LostTurnError(Exception):
    """Somebody else works on it by now."""


@contextmanager
def turn(import_id: int, state: Import.State) -> Iterator[Import | None]:
    """The import, if it is in this state and nobody works on it; else None. An exception frees it for the next try."""
    now = timezone.now()
    free = Q(beat_at=None) | Q(beat_at__lt=now - LOST_AFTER)
    mine = Import.objects.filter(free, pk=import_id, state=state)
    if not mine.update(turn=F("turn") + 1, beat_at=now):
        yield None
        return
    source = Import.objects.select_related("company", "by").get(pk=import_id)
    try:
        yield source
    except LostTurnError:
        return
    except BaseException:
        Import.objects.filter(pk=import_id, turn=source.turn).update(beat_at=None)
        raise


def beat(source: Import, **fields: Any) -> None:
    """A sign, with what is to be written of the import. Raises LostTurnError."""
    mine = Import.objects.filter(pk=source.pk, turn=source.turn)
    if not mine.update(beat_at=timezone.now(), **fields):
        raise LostTurnError
    for name, value in fields.items():
        setattr(source, name, value)


def end(source: Import, **fields: Any) -> None:
    """As `beat`, and nobody works on it any more."""
    mine = Import.objects.filter(pk=source.pk, turn=source.turn)
    if not mine.update(beat_at=None, **fields):
        raise LostTurnError
    for name, value in fields.items():
        setattr(source, name, value)


def left_behind() -> list[int]:
    """Imports that should be going on, and of which there was no sign for a while."""
    going = [Import.State.READING, Import.State.CHECKING, Import.State.MAKING]  # as the index has them
    lost = timezone.now() - LOST_AFTER
    silent = Q(beat_at__lt=lost) | Q(beat_at=None, created_at__lt=lost)
    return list(Import.objects.filter(silent, state__in=going).values_list("pk", flat=True))
