"""What the lines of a file may name in a company, read once for all of them."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Generic, TypeVar

from django.db.models import Model

from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for, defaults_for
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.sheets import own
from alcada.people.models import Company
from alcada.sheets.columns import folded

T = TypeVar("T", bound=Model)


class Names(Generic[T]):
    """Things by what they are called: whole, or by a shorter name that only one of them has."""

    def __init__(self, things: Iterable[tuple[T, tuple[str, ...]]]) -> None:
        self._found: dict[str, list[T]] = {}
        self._like: dict[str, str] = {}
        for thing, names in things:
            for name in names:
                known = self._found.setdefault(folded(name), [])
                if thing not in known:
                    known.append(thing)

    def called(self, text: str) -> list[T]:
        return self._found.get(folded(text), [])

    def like(self, text: str) -> str:
        """What may have been meant; empty where nothing is alike."""
        wanted = folded(text[:100])
        if wanted not in self._like:  # a file has the same slip in line after line
            close = get_close_matches(wanted, list(self._found), n=1, cutoff=0.75)
            self._like[wanted] = str(self._found[close[0]][0]) if close else ""
        return self._like[wanted]


class World:
    """The company's categories, cost centres, accounts and usual values."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.categories = {kind: _categories(company, kind) for kind in EntryKind.values}
        self.cost_centres: Names[CostCentre] = Names(
            (one, (str(one), one.name, *((one.code,) if one.code else ())))
            for one in cost_centres_for(company)
        )
        self.bank_accounts: dict[str, Names[BankAccount]] = {
            kind: Names((one, (one.name,)) for one in bank_accounts_for(company, kind))
            for kind in EntryKind.values
        }
        self.defaults = {kind: defaults_for(company, kind) for kind in EntryKind.values}
        self.own: dict[str, CustomField] = {own.name_of(one): one for one in custom.fields_of(company)}
        usual = BankAccount.objects.filter(company=company, active=True, is_default=True).first()
        self._usual = usual

    def usual_account(self, kind: str) -> int | None:
        """As a new form has it (`drafts.empty`)."""
        defaults = self.defaults[kind]
        if defaults and defaults.bank_account_id:
            return defaults.bank_account_id
        usual = self._usual
        return usual.pk if usual and (kind != EntryKind.PAYABLE or usual.takes_payables) else None


def _categories(company: Company, kind: str) -> Names[Category]:
    return Names((one, (str(one), one.name)) for one in categories_for(company, kind))
