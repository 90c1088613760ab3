"""The file to begin with: columns, example lines, and a sheet that explains. What is in it each kind of row says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.sheets.columns import Column

TEXT: Final = "@"
AMOUNT: Final = "#,##0.00"
DAY: Final = "dd/mm/yyyy"
_LISTED: Final = 500  # of the company's categories and the like, in the sheet that explains


@dataclass(frozen=True)
class Template:
    title: str
    columns: Sequence[Column]
    lines: list[list[Any]]  # texts, amounts as float (a spreadsheet's own), days as dates
    shapes: Mapping[str, str] = field(default_factory=dict)  # how a spreadsheet shows the columns' cells
    widths: Mapping[str, int] = field(default_factory=dict)
    needed: Mapping[str, str] = field(default_factory=dict)  # what "Needed" says, where it is no plain yes
    lists: Sequence[
        tuple[str, Any]
    ] = ()  # what the company calls its own things: a title, and what can be sliced

    @property
    def header(self) -> list[str]:
        return [str(column.label) for column in self.columns]


def filled(columns: Sequence[Column], lines: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    return [[line.get(column.name, "") for column in columns] for line in lines]


def as_texts(lines: list[list[Any]], *, english: bool) -> list[list[str]]:
    """As a CSV has them."""

    def text(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.2f}" if english else f"{value:.2f}".replace(".", ",")
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)

    return [[text(value) for value in line] for line in lines]


def workbook(found: Template) -> bytes:
    """As XLSX: the lines, and beside them what each column is and what the company's own names are."""
    from openpyxl import Workbook  # loaded with the first template: every process would hold it
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Any = book.active
    sheet.title = found.title
    sheet.append([_harmless(text) for text in found.header])
    for line in found.lines:
        sheet.append([_harmless(value) if isinstance(value, str) else value for value in line])
    for index, column in enumerate(found.columns, start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = found.widths.get(column.name, 18)
        for cell in sheet[letter][1:]:
            if shape := found.shapes.get(column.name):
                cell.number_format = shape
    _head(sheet)
    _explain(book.create_sheet(_("How to fill it in")), found)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _head(sheet: Any) -> None:
    from openpyxl.styles import Font, PatternFill

    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="4338CA")
    sheet.freeze_panes = "A2"


def _explain(sheet: Any, found: Template) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([_("Column"), _("Needed"), _("What it holds")])
    for column in found.columns:
        needed = found.needed.get(column.name, _("yes") if column.needed else "")
        sheet.append([_harmless(str(column.label)), needed, str(column.hint)])
    for title, things in found.lists:
        sheet.append([])
        sheet.append([title])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
        for thing in things[:_LISTED]:
            sheet.append([_harmless(str(thing))])
    for letter, width in (("A", 34), ("B", 16), ("C", 90)):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=2, max_col=3):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    _head(sheet)


def _harmless(text: str) -> str:
    """A name that begins as a formula does stays text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
