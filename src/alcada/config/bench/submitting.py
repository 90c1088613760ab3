"""Entries are typed by many people at once: in processes of their own, beside each other."""

import multiprocessing
from typing import Final

from alcada.config.bench.control import Control

PROCESSES: Final = 2


def submit(sandbox: str, seed: int, count: int) -> list[int]:
    """Enter and submit `count` entries; their open steps, in no order."""
    if count < 200:
        return _part(sandbox, seed, count, 0, 1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        parts = [(sandbox, seed, count, number, PROCESSES) for number in range(PROCESSES)]
        return [step for steps in pool.starmap(_part, parts) for step in steps]


def _part(sandbox: str, seed: int, count: int, number: int, of: int) -> list[int]:
    import django

    django.setup()
    from alcada.config.bench.office import Office

    office = Office(Control(sandbox), seed * 100 + number).find()
    return list(office.submit(count, share=(number, of)))
