"""The file to begin with: the columns, example lines with the company's own stages, and a sheet that explains."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.people.models import Company, User
from alcada.sales.queries import owners_for
from alcada.sales.sheets.columns import COLUMNS
from alcada.sales.sheets.world import World
from alcada.sheets.template import AMOUNT, DAY, TEXT, Template, filled

_SHAPES: Final = {"document": TEXT, "terms": TEXT, "amount": AMOUNT, "expected": DAY}
_WIDE: Final = {
    "title": 34,
    "party": 34,
    "notes": 30,
    "terms": 22,
    "stage": 22,
    "category": 26,
    "expected": 22,
}


def template(company: Company | None, today: date, by: User) -> Template:
    """Three deals: a company that is known by its CNPJ, one with an entry, one of which little is said yet."""
    world = World(company, by) if company else None
    usual = world.offered.usual() if world else {}
    own = {name: str(usual.get(name) or "") for name in ("category", "cost_centre", "bank_account")}
    stages = [stage.name for stage in world.stages_of(world.first_stage.pipeline)] if world else [""]
    lines: list[dict[str, Any]] = [
        {
            "title": _("Coffee break, twice a month"),
            "party": _("Example: Horizon Machines Ltd"),
            "document": "19.131.243/0001-97",
            "email": "compras@horizonte.example",
            "amount": 8400.0,
            "terms": "30/60/90",
            "expected": today + timedelta(days=20),
            "stage": stages[0],
            "owner": by.email,
            **own,
        },
        {
            "title": _("Wedding cake"),
            "party": _("Example: Marina Costa"),
            "document": "529.982.247-25",
            "amount": 1250.5,
            "terms": _("entry + 3"),
            "expected": today + timedelta(days=45),
            "stage": stages[-1],
            **own,
        },
        {"title": _("Party for fifty"), "party": _("Example: Silva Stationery Ltd"), "amount": 3900.0},
    ]
    return Template(
        title=_("Deals"),
        columns=COLUMNS,
        lines=filled(COLUMNS, lines),
        shapes=_SHAPES,
        widths=_WIDE,
        needed=dict.fromkeys(("party", "document"), _("one of the two")),
        lists=_lists(company, world, by) if company and world else (),
    )


def _lists(company: Company, world: World, by: User) -> Sequence[tuple[str, Any]]:
    choices = world.offered.choices
    return (
        (_("Stages"), world.all_stages()),
        (_("Owners"), list(owners_for(company, by))),
        (_("Categories of receivables"), list(choices["category"].values())),
        (_("Cost centres"), list(choices["cost_centre"].values())),
        (_("Accounts"), list(choices["bank_account"].values())),
    )
