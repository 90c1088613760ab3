"""What the pages of imports say of each kind of row: how they are called, what is in their lines, where they lead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada.intake.sheets import columns as entry_columns
from alcada.intake.sheets import template as entry_template
from alcada.people.models import Company, User
from alcada.sales.sheets import columns as deal_columns
from alcada.sales.sheets import template as deal_template
from alcada.sheets.columns import Column
from alcada.sheets.models import Import
from alcada.sheets.template import Template

Text = str | Promise


@dataclass(frozen=True)
class Pages:
    """Of one kind (flow.importing.kinds)."""

    what: str
    prefix: str  # of its addresses' names
    title: Text
    lead: Text
    back: str  # the name of the list that it belongs to, and what that is called
    back_label: Text
    icon: str
    count: Text  # above how many each file made
    made: Text
    to_made: Text
    number: Text  # in the report
    who: Text
    day: Text
    file: Text  # the template's name
    report: tuple[tuple[Text, str], ...]  # columns of the report: what each is called, and the fact in it
    template: Callable[[Company | None, date, User], Template]
    columns: Mapping[str, Column]

    @property
    def upload(self) -> str:
        return reverse(f"{self.prefix}s")

    def at(self, source: Import, page: str = "") -> str:
        return reverse(f"{self.prefix}-{page}" if page else self.prefix, args=[source.pk])

    @property
    def templates(self) -> dict[str, str]:
        return {ending: reverse(f"{self.prefix}-template", args=[ending]) for ending in ("xlsx", "csv")}


PAGES: Final[Mapping[str, Pages]] = {
    "entries": Pages(
        what="entries",
        prefix="import",
        title=lazy("Import a spreadsheet"),
        lead=lazy(
            "Payables and receivables from Excel or CSV. "
            "You see every line, and what is wrong with it, before anything is made."
        ),
        back="entries",
        back_label=lazy("Entries"),
        icon="file-invoice",
        count=lazy("Entries"),
        made=lazy("Entries made"),
        to_made=lazy("To the entries"),
        number=lazy("Entry"),
        who=lazy("Vendor or customer"),
        day=lazy("Due"),
        file=lazy("entries to import"),
        report=(
            (lazy("Kind"), "kind"),
            (lazy("Vendor or customer"), "party"),
            ("CPF/CNPJ", "document"),
            (lazy("Description"), "description"),
            (lazy("Document number"), "document_number"),
            (lazy("Value"), "amount"),
            (lazy("Due date"), "due"),
        ),
        template=lambda company, today, _by: entry_template.template(company, today),
        columns=entry_columns.BY_NAME,
    ),
    "deals": Pages(
        what="deals",
        prefix="deal-import",
        title=lazy("Import deals"),
        lead=lazy(
            "Deals from Excel or CSV, in their stages. "
            "You see every line, and what is wrong with it, before anything is made."
        ),
        back="sales",
        back_label=lazy("Sales"),
        icon="coin",
        count=lazy("Deals"),
        made=lazy("Deals made"),
        to_made=lazy("To the deals"),
        number=lazy("Deal"),
        who=lazy("Deal"),
        day=lazy("Expected"),
        file=lazy("deals to import"),
        report=(
            (lazy("What is sold"), "title"),
            (lazy("Customer"), "party"),
            ("CPF/CNPJ", "document"),
            (lazy("Value"), "amount"),
            (lazy("Payment terms"), "terms"),
            (lazy("Stage"), "stage"),
            (lazy("Owner"), "owner"),
            (lazy("Expected to close on"), "due"),
        ),
        template=deal_template.template,
        columns=deal_columns.BY_NAME,
    ),
}


def pages_of(source: Import) -> Pages:
    return PAGES[source.what]
