"""What an import says: of a file that can't be read, of a line's problems and questions, of what became of it."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.directory.models import EntryKind
from alcada.flow.refusals import refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.sheets.errors import SheetError
from alcada.sheets.models import Line, Made
from alcada.web.imports_kinds import Pages

Outcome = Line.Outcome
Words = dict[str, str | Promise]

# In the order of the tabs; with each its tone.
OUTCOMES: Final[dict[str, str]] = {
    Outcome.BAD: "red",
    Outcome.TWIN: "yellow",
    Outcome.ASKED: "blue",
    Outcome.HELD: "grey",
    Outcome.GOOD: "green",
}

_FILES: Final[Words] = {
    "none": lazy("Choose a file."),
    "empty": lazy("The file is empty."),
    "too_large": lazy("The file is larger than %(most)s MB: split it."),
    "old_workbook": lazy(
        "This is an Excel file of before 2007 (.xls). Open it and save it as “Excel workbook (.xlsx)” or as CSV."
    ),
    "protected": lazy("The workbook is protected by a password. Save it without one."),
    "macros": lazy(
        "This workbook carries macros (.xlsm). Save it as “Excel workbook (.xlsx)”, which has none."
    ),
    "other_workbook": lazy(
        "This kind of spreadsheet is not read. Save it as “Excel workbook (.xlsx)” or as CSV."
    ),
    "bomb": lazy("Unpacked, this workbook is far larger than a spreadsheet would be. It was not read."),
    "not_text": lazy("This is neither a workbook (.xlsx) nor a CSV: it can't be read as text."),
    "no_lines": lazy("There is a header, and no line under it."),
    "too_many_lines": lazy("One file has at most %(most)s lines: split it."),
    "too_many_columns": lazy("One file has at most %(most)s columns."),
    "no_header": lazy("The first line has no names of columns. Begin with the template."),
    "broken": lazy(
        "The file is broken or cut short. Open it in the spreadsheet, save it again and send that."
    ),
}
_BROKEN_LINE: Final = lazy(
    "Line %(line)s can't be read: quotes that don't end, or a cell with thousands of characters."
)
_ENDS: Final[Words] = {
    "stopped": lazy("It ended half-way: your roles in this company don't allow it any more."),
    "not_allowed": lazy("Nothing was imported: your roles in this company don't allow it any more."),
    "bad_lines": lazy("Nothing was imported: a line has a problem now that it had not when you looked."),
}
_REASONS: Final[Words] = {
    "document_number": lazy("same document number"),
    "amount_and_due_date": lazy("same value and due date"),
}


def file_problem(error: SheetError | Mapping[str, Any]) -> str:
    """Why the file as a whole can't be read, and what to do."""
    code, figures = (
        (error.code, error.figures) if isinstance(error, SheetError) else (error["code"], error["figures"])
    )
    sentence = _BROKEN_LINE if code == "broken" and "line" in figures else _FILES.get(code, _FILES["broken"])
    return str(sentence) % figures


def ended(problem: Mapping[str, Any]) -> str:
    return str(_ENDS.get(str(problem.get("code")), ""))


def labels(pages: Pages, own: Mapping[str, str]) -> dict[str, str]:
    """What each column is called, by its name; `own`: those of the company's own fields."""
    return {**own, **{name: str(column.label) for name, column in pages.columns.items()}}


def problems(line: Line, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each with its column, and with its line where that is another one of the same entry."""
    return [
        {
            "column": labels.get(one["column"], ""),
            "text": one["text"],
            "line": one["line"] if one["line"] != line.number else 0,
        }
        for one in line.problems
    ]


def notes(line: Line, links: Mapping[tuple[str, int], str]) -> list[dict[str, Any]]:
    """What is asked about, each a sentence; `links`: where the reader may open what it names."""
    return [
        {
            "text": note(one),
            "address": next(
                (links[name, one[name]] for name in ("entry", "deal") if (name, one.get(name)) in links), ""
            ),
        }
        for one in line.notes
    ]


def note(one: Mapping[str, Any]) -> str:
    if one["code"] == "twin":
        reasons = ", ".join(str(_REASONS.get(reason, reason)) for reason in one["reasons"])
        return _("Looks like entry #%(number)s: %(reasons)s.") % {"number": one["number"], "reasons": reasons}
    if one["code"] == "imported":
        return _("Imported before: it is entry #%(number)s.") % {"number": one["number"]}
    if one["code"] == "twin_deal":
        return _("Looks like deal #%(number)s: the same, sold to the same customer for the same value.") % {
            "number": one["number"]
        }
    if one["code"] == "imported_deal":
        return _("Imported before: it is deal #%(number)s.") % {"number": one["number"]}
    if one["code"] == "like":
        return _("Looks like line %(line)s of this file.") % {"line": one["line"]}
    if one["code"] == "refused":
        return refused(one["why"])
    return str(one["text"])


def refused(why: Mapping[str, Any]) -> str:
    """Why a draft was not submitted, or could not be."""
    if not why:
        return ""
    if why["code"] == "incomplete":
        return _("It stayed a draft: something in it has changed since the lines were checked.")
    return refusal(SubmissionRefusedError(why["code"], **why["context"]))


def kind(code: str) -> str:
    return str(EntryKind(code).label) if code in EntryKind.values else ""


def became(line: Line, made: Made | None, *, over: bool) -> tuple[str, str]:
    """What became of the line, and its tone."""
    if made is not None and made.deal_id:
        return _("Deal made"), "green"
    if made is not None:
        return (_("Submitted"), "blue") if made.submitted else (_("Draft made"), "green")
    if over and line.outcome != Outcome.BAD:
        return _("Left out"), "grey"
    return str(Outcome(line.outcome).label) if line.outcome else "", OUTCOMES.get(line.outcome, "grey")
