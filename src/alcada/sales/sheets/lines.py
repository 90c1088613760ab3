"""A line as the deal that a person would have entered, and all that is wrong with it. No database: `World` has what
it names."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.directory.models import BankAccount, Category, CostCentre, Party
from alcada.directory.sheets import Said, read_who
from alcada.people.models import User
from alcada.sales.actions import Content
from alcada.sales.models import Pipeline, Stage
from alcada.sales.rules import LONGEST_TERMS, TermsError, instalments, read_terms
from alcada.sales.sheets.world import World
from alcada.sentences import amount_sentence
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.columns import folded
from alcada.sheets.lines import NAMED_MOST, LineReader, Row
from alcada.sheets.names import Names

LONGEST: Final = {"title": 200, "terms": LONGEST_TERMS, "notes": 1000}
# How a workbook's date comes: 10/12 in a cell that is no text.
_A_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOSED: Final = frozenset(
    ["ganho", "ganha", "ganhos", "won", "closed won", "vendido", "perdido", "perdida", "lost", "closed lost"]
)


@dataclass
class Reading(Said):
    """What a line says. What it leaves empty is as the customer's or the company's deals usually are (`content`)."""

    amount: Decimal | None = None
    expected: date | None = None
    stage: Stage | None = None
    owner: User | None = None
    category: Category | None = None
    cost_centre: CostCentre | None = None
    bank_account: BankAccount | None = None

    @property
    def title(self) -> str:
        return self.texts.get("title", "")

    def likeness(self) -> tuple[str, Decimal | None]:
        """What a deal of the same customer must have, to be the same."""
        return told_by(self.title), self.amount

    def mark(self) -> str:
        """What this deal says, as one text of fixed length: the same again is known by it."""
        told = ["deal", self.who(), told_by(self.title), f"{self.amount}", f"{self.expected or ''}"]
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()


def told_by(title: str) -> str:
    """What titles are compared by."""
    return folded(title) or title


def read(rows: Sequence[Row], world: World, today: date, options: Mapping[str, Any]) -> Reading:
    return _Reader(rows, world, today, options).reading()


def content(reading: Reading, customer: Party, world: World) -> Content:
    """What was agreed, with what is usual where the line says nothing."""
    usual = world.offered.usual(customer)
    assert reading.amount is not None
    return Content(
        title=reading.title,
        customer=customer,
        value=reading.amount,
        owner=reading.owner or world.by,
        terms=reading.texts["terms"],
        stage=reading.stage,
        category=reading.category or usual["category"],
        cost_centre=reading.cost_centre or usual["cost_centre"],
        bank_account=reading.bank_account or usual["bank_account"],
        expected_on=reading.expected,
        notes=reading.texts["notes"],
    )


class _Reader(LineReader):
    def __init__(self, rows: Sequence[Row], world: World, today: date, options: Mapping[str, Any]) -> None:
        self.world, self.today = world, today
        self.found = Reading(rows)
        super().__init__(rows, options, self.found.problems)

    def reading(self) -> Reading:
        found, first = self.found, self.rows[0]
        read_who(self, found)
        for name, longest in LONGEST.items():
            found.texts[name] = self.shared(name, self.text)
            self.limit(name, found.texts[name], longest)
        if not found.title and not self.told("title"):
            self.wrong(first, "title", _("Say in a few words what is sold."))
        found.amount = self.cell(first, "amount", self.amount)
        if found.amount is None and not self.told("amount"):
            self.wrong(first, "amount", amount_sentence("empty"))
        found.expected = self.cell(first, "expected", self.day)
        pipeline = self.cell(first, "pipeline", self._pipeline)
        found.stage = self.cell(first, "stage", partial(self._stage, pipeline))
        if pipeline and not found.stage:
            found.stage = self.world.stages_of(pipeline)[0]
        found.owner = self.cell(first, "owner", self._owner)
        world = self.world
        found.category = self.cell(first, "category", partial(self._chosen, "category", world.categories))
        centre = partial(self._chosen, "cost_centre", world.cost_centres)
        found.cost_centre = self.cell(first, "cost_centre", centre)
        account = partial(self._chosen, "bank_account", world.bank_accounts)
        found.bank_account = self.cell(first, "bank_account", account)
        self._terms()
        return found

    def _chosen(self, column: str, names: "Names[Any]", row: Row, cell: Cell) -> Any:
        return self.named(row, column, cell, names)

    def _terms(self) -> None:
        """As beside the form's field: can they be read, and does the value go into so many parts?"""
        typed, first = self.found.texts["terms"], self.rows[0]
        if not typed or self.told("terms"):
            return
        if _A_DAY.fullmatch(typed):
            sentence = _(
                "The spreadsheet made a date of these terms. Format the column as text and type them again."
            )
            self.wrong(first, "terms", sentence)
            return
        try:
            terms = read_terms(typed)
            if self.found.amount:
                instalments(terms, self.found.amount, self.today)
        except TermsError as exc:
            self.wrong(first, "terms", exc.sentence)

    def _pipeline(self, row: Row, cell: Cell) -> Pipeline | None:
        found: Pipeline | None = self.named(row, "pipeline", cell, self.world.pipelines)
        return found

    def _stage(self, pipeline: Pipeline | None, row: Row, cell: Cell) -> Stage | None:
        typed = values.text(cell)
        names = self.world.stages(pipeline)
        called = names.called(typed)
        if not called and folded(typed) in _CLOSED:
            sentence = _(
                "An import makes open deals only. Name the stage in which it stands; win or lose it here."
            )
            self.wrong(row, "stage", sentence)
            return None
        if len(called) > 1:
            sentence = _("Several pipelines have a stage “%(name)s”: say the pipeline too.")
            self.wrong(row, "stage", sentence % {"name": typed[:NAMED_MOST]})
            return None
        found: Stage | None = self.named(row, "stage", cell, names)
        return found

    def _owner(self, row: Row, cell: Cell) -> User | None:
        typed = values.text(cell)
        called = self.world.owners.called(typed)
        if not called and not self.world.chooses_owner:
            sentence = _(
                "Deals that you import are yours: only finance and administrators choose another owner."
            )
            self.wrong(row, "owner", sentence)
            return None
        if len(called) > 1:
            sentence = _("Several are called “%(name)s”: write the e-mail.")
            self.wrong(row, "owner", sentence % {"name": typed[:NAMED_MOST]})
            return None
        if not called:
            sentence = _("“%(name)s” can't own deals here. Write the name or e-mail of somebody who can.")
            self.wrong(row, "owner", sentence % {"name": typed[:NAMED_MOST]})
            return None
        return called[0]
