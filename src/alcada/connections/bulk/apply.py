"""Making what a plan says, in the caller's transaction: companies, accounts, people, then what is set in them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models

from alcada.connections import actions, prepared
from alcada.connections.bulk.plan import Books, Firm, Plan, Setting
from alcada.connections.models import Connection, Prepared
from alcada.history.actions import Line, record, record_all
from alcada.people import actions as people
from alcada.people import bulk
from alcada.people.models import Company, Role, User

Report = Callable[[int], None]  # how many steps of the plan are done


def steps(plan: Plan) -> int:
    """How many steps `apply` counts."""
    return len(plan.firms) + len(plan.roles) + len(plan.settings)


def apply(plan: Plan, by: User, report: Report) -> None:
    """Raises what the database refuses, and people.PersonInactiveError: then nothing is made."""
    firms = list(plan.firms.values())
    _companies(firms, by)
    _accounts([books for firm in firms for books in firm.accounts.values()], by)
    report(len(firms))
    with_people = _Notes(by)
    bulk.give_roles(
        [(_row(firm), each.email, each.name, Role(each.role)) for firm, each in plan.roles], note=with_people
    )
    with_people.write()
    report(len(firms) + len(plan.roles))
    _settings(plan.settings, by, lambda done: report(len(firms) + len(plan.roles) + done))


def _companies(firms: list[Firm], by: User) -> None:
    notes = _Notes(by)
    new = [firm for firm in firms if firm.row is None]
    made = bulk.create_companies([(firm.name, firm.document) for firm in new], by=by, note=notes)
    for firm, row in zip(new, made, strict=True):
        firm.row = row
    notes.write()
    for firm in firms:
        if firm.rename:
            people.rename_company(_row(firm), firm.name, by=by, record=record)


def _accounts(books: list[Books], by: User) -> None:
    new = [each for each in books if each.row is None]
    made = actions.create_connections(
        [(_row(each.firm), each.name, *(each.owner or ("", ""))) for each in new], by=by
    )
    for each, row in zip(new, made, strict=True):
        each.row, each.owner = row, None
    for each in books:
        if each.owner is not None and each.row is not None:
            actions.set_owner(each.row, name=each.owner[0], email=each.owner[1], by=by)


def _settings(settings: list[Setting], by: User, report: Report) -> None:
    """Prepared all, then done company by company, as far as their accounts were fetched."""
    fields = ["connection", "content", "created_by", "created_at", "done_at", "problem"]
    Prepared.objects.bulk_create(
        [_prepared(setting, by) for setting in settings],
        update_conflicts=True,
        unique_fields=["company", "kind", "key"],
        update_fields=fields,
    )
    companies = {setting.firm.document: _row(setting.firm) for setting in settings}
    prepared.settle_all(list(companies.values()), lambda done: report(min(done, len(settings))))


def _prepared(setting: Setting, by: User) -> Prepared:
    connection: Connection | None = setting.books.row if setting.books else None
    return Prepared(
        company=_row(setting.firm),
        connection=connection,
        kind=setting.kind,
        key=setting.key,
        content=setting.content,
        created_by=by,
    )


def _row(firm: Firm) -> Company:
    assert firm.row is not None
    return firm.row


class _Notes:
    """Gathers what happened, to be recorded at once."""

    def __init__(self, by: User) -> None:
        self.by, self.lines = by, list[Line]()

    def __call__(
        self, event: str, subject: models.Model, company: Company | None, data: Mapping[str, Any]
    ) -> None:
        company_id = company.pk if company else None
        self.lines.append(
            Line(event, subject._meta.label_lower, int(subject.pk), company_id, by=self.by, data=data)
        )

    def write(self) -> None:
        record_all(self.lines)
