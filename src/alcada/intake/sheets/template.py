"""The file to begin with: the columns, example lines with the company's own categories, and a sheet that explains."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.directory.models import EntryKind
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.sheets import own
from alcada.intake.sheets.columns import COLUMNS
from alcada.people.models import Company
from alcada.sheets.template import AMOUNT, DAY, TEXT, Template, filled

_SHAPES: Final = {
    # Zeros in front are part of these.
    **dict.fromkeys(("document", "document_number", "payment_details"), TEXT),
    **dict.fromkeys(("amount", "total"), AMOUNT),
    **dict.fromkeys(("due", "competence"), DAY),
}
_OWN_SHAPES: Final[Mapping[str, str]] = {
    CustomField.Type.TEXT: TEXT,
    CustomField.Type.CHOICE: TEXT,
    CustomField.Type.MONEY: AMOUNT,
    CustomField.Type.DATE: DAY,
}
_WIDE: Final = {"party": 34, "description": 34, "notes": 30, "payment_details": 28, "category": 26}


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
    columns = own.columns_of(company) if company else COLUMNS
    fields = custom.fields_of(company) if company else []
    for line, kind in zip(lines, ("payable", "payable", "payable", "receivable"), strict=True):
        line |= {own.name_of(one): own.example(one, today) for one in fields if one.kind in ("", kind)}
    needed = dict.fromkeys(("party", "document"), _("one of the two"))
    return Template(
        title=_("Entries"),
        columns=columns,
        lines=filled(columns, lines),
        shapes=_SHAPES | {own.name_of(one): _OWN_SHAPES.get(one.type, "") for one in fields},
        widths=_WIDE,
        needed=needed | {own.name_of(one): _("to submit") for one in fields if one.required},
        lists=_lists(company),
    )


def _own(company: Company | None) -> dict[str, str]:
    if company is None:
        return dict.fromkeys(("payable", "receivable", "cost_centre", "bank_account"), "")
    return {
        **{kind: str(categories_for(company, kind).first() or "") for kind in EntryKind.values},
        "cost_centre": str(cost_centres_for(company).first() or ""),
        "bank_account": str(bank_accounts_for(company, EntryKind.PAYABLE).first() or ""),
    }


def _lists(company: Company | None) -> Sequence[tuple[str, Any]]:
    if company is None:
        return ()
    return (
        (_("Categories of payables"), categories_for(company, EntryKind.PAYABLE)),
        (_("Categories of receivables"), categories_for(company, EntryKind.RECEIVABLE)),
        (_("Cost centres"), cost_centres_for(company)),
        (_("Accounts"), bank_accounts_for(company, EntryKind.RECEIVABLE)),
    )
