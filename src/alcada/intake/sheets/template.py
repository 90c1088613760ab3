"""The file to begin with: the columns, example lines with the company's own categories, and a sheet that explains."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.directory.models import EntryKind
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.sheets import own
from alcada.intake.sheets.columns import COLUMNS
from alcada.people.models import Company
from alcada.sheets.columns import Column

_TEXT: Final = frozenset({"document", "document_number", "payment_details"})  # zeros in front are part of it
_WIDE: Final = {"party": 34, "description": 34, "notes": 30, "payment_details": 28, "category": 26}
_LISTED: Final = 500  # of the company's categories and the like, in the sheet that explains


@dataclass(frozen=True)
class Template:
    header: list[str]
    lines: list[list[Any]]  # texts, amounts as float (a spreadsheet's own), days as dates


def template(company: Company | None, today: date) -> Template:
    """With a line of each kind: a bill by itself, one in two instalments, a receivable."""
    first = _own(company)
    due = today + timedelta(days=15)
    lines: list[dict[str, Any]] = [
        {
            "kind": _("payable"),
            "party": _("Example: Silva Stationery Ltd"),
            "document": "11.222.333/0001-81",
            "description": _("Office paper"),
            "document_number": "NF 1234",
            "amount": 350.9,
            "due": due,
            "competence": today,
            "category": first["payable"],
            "bank_account": first["bank_account"],
            "cost_centre": first["cost_centre"],
            "payment_method": "Boleto",
        },
        *(
            {
                "kind": _("payable"),
                "group": "A-1",
                "party": _("Example: Horizon Machines Ltd"),
                "document": "19.131.243/0001-97",
                "description": _("Oven, in two instalments"),
                "document_number": "NF 567",
                "amount": 1200.0,
                "total": 2400.0,
                "due": due + timedelta(days=30 * part),
                "competence": today,
                "category": first["payable"],
                "bank_account": first["bank_account"],
                "payment_method": "Pix",
            }
            for part in range(2)
        ),
        {
            "kind": _("receivable"),
            "party": _("Example: Marina Costa"),
            "document": "529.982.247-25",
            "description": _("Catering in December"),
            "document_number": "OS 118",
            "amount": 8400.0,
            "due": due,
            "competence": today,
            "category": first["receivable"],
            "bank_account": first["bank_account"],
        },
    ]
    columns = _columns(company)
    fields = custom.fields_of(company) if company else []
    for line, kind in zip(lines, ("payable", "payable", "payable", "receivable"), strict=True):
        line |= {own.name_of(one): own.example(one, today) for one in fields if one.kind in ("", kind)}
    header = [str(column.label) for column in columns]
    return Template(header, [[line.get(column.name, "") for column in columns] for line in lines])


def _columns(company: Company | None) -> tuple[Column, ...]:
    return own.columns_of(company) if company else COLUMNS


def as_texts(lines: list[list[Any]], *, english: bool) -> list[list[str]]:
    """As a CSV has them."""

    def text(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.2f}" if english else f"{value:.2f}".replace(".", ",")
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)

    return [[text(value) for value in line] for line in lines]


def _own(company: Company | None) -> dict[str, str]:
    if company is None:
        return dict.fromkeys(("payable", "receivable", "cost_centre", "bank_account"), "")
    return {
        **{kind: str(categories_for(company, kind).first() or "") for kind in EntryKind.values},
        "cost_centre": str(cost_centres_for(company).first() or ""),
        "bank_account": str(bank_accounts_for(company, EntryKind.PAYABLE).first() or ""),
    }


def workbook(company: Company | None, today: date) -> bytes:
    """As XLSX: the lines, and beside them what each column is and what the company's own names are."""
    from openpyxl import Workbook  # loaded with the first template: every process would hold it
    from openpyxl.utils import get_column_letter

    found = template(company, today)
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Entries")
    sheet.append([_harmless(text) for text in found.header])
    for line in found.lines:
        sheet.append([_harmless(value) if isinstance(value, str) else value for value in line])
    fields = {own.name_of(one): one for one in custom.fields_of(company)} if company else {}
    for index, column in enumerate(_columns(company), start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = _WIDE.get(column.name, 18)
        for cell in sheet[letter][1:]:
            if shape := _shape(column.name, fields):
                cell.number_format = shape
    _head(sheet)
    _explain(book.create_sheet(_("How to fill it in")), company)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _shape(column: str, fields: Mapping[str, CustomField]) -> str:
    """How a spreadsheet shows the column's cells."""
    type_ = fields[column].type if column in fields else ""
    if column in _TEXT or type_ in (CustomField.Type.TEXT, CustomField.Type.CHOICE):
        return "@"
    if column in ("amount", "total") or type_ == CustomField.Type.MONEY:
        return "#,##0.00"
    return "dd/mm/yyyy" if column in ("due", "competence") or type_ == CustomField.Type.DATE else ""


def _head(sheet: Any) -> None:
    from openpyxl.styles import Font, PatternFill

    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="4338CA")
    sheet.freeze_panes = "A2"


def _explain(sheet: Any, company: Company | None) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([_("Column"), _("Needed"), _("What it holds")])
    required = {own.name_of(one) for one in custom.fields_of(company) if one.required} if company else set()
    for column in _columns(company):
        needed = _("yes") if column.needed else ""
        if column.name in required:
            needed = _("to submit")
        if column.name in ("party", "document"):
            needed = _("one of the two")
        sheet.append([_harmless(str(column.label)), needed, str(column.hint)])
    if company is not None:
        lists = [
            (_("Categories of payables"), categories_for(company, EntryKind.PAYABLE)),
            (_("Categories of receivables"), categories_for(company, EntryKind.RECEIVABLE)),
            (_("Cost centres"), cost_centres_for(company)),
            (_("Accounts"), bank_accounts_for(company, EntryKind.RECEIVABLE)),
        ]
        for title, things in lists:
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
