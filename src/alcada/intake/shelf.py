"""What a company's drafts name in its directory, read once for all of them."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, Q

from alcada.connections.models import Connection
from alcada.connections.queries import Table, table
from alcada.directory.models import BankAccount, Category, CostCentre, Party
from alcada.intake.models import CustomField
from alcada.intake.rules import MAX_ROWS, key
from alcada.people.models import Company

_Found = TypeVar("_Found", bound=Model)


class Shelf:
    """The parties, bank accounts, categories and cost centres of the drafts by key, and the company's accounts."""

    def __init__(self, company: Company, drafts: Iterable[Mapping[str, Any]]) -> None:
        """`drafts` are shaped."""
        drafts = list(drafts)
        splits = [row for draft in drafts for row in draft["splits"][:MAX_ROWS]]
        self._company = company
        self.table: Table = table(company)
        self.parties = _by_key(Party, company, (draft["party"] for draft in drafts))
        self.bank_accounts = _by_key(BankAccount, company, (draft["bank_account"] for draft in drafts))
        self.categories = _by_key(Category, company, (row["category"] for row in splits))
        self.cost_centres = _by_key(CostCentre, company, (row["cost_centre"] for row in splits))
        self._custom: list[CustomField] | None = None
        self._there: dict[int, tuple[set[int], set[int]]] = {}

    def custom(self, kind: str) -> list[CustomField]:
        """The company's own fields of this kind of entry, in their order."""
        if self._custom is None:
            self._custom = list(CustomField.objects.filter(company=self._company, retired_at=None))
        return [one for one in self._custom if one.kind in ("", kind)]

    def there(self, connection: Connection) -> tuple[set[int], set[int]]:
        """Which of the categories and which of the bank accounts the account has, in use."""
        if connection.pk not in self._there:
            wanted = Q(category__in=self.categories) | Q(bank_account__in=self.bank_accounts)
            known = connection.counterparts.filter(wanted, active=True)
            found = list(known.values_list("category_id", "bank_account_id"))
            self._there[connection.pk] = (
                {category for category, _bank in found if category},
                {bank for _category, bank in found if bank},
            )
        return self._there[connection.pk]


def _by_key(model: type[_Found], company: Company, typed: Iterable[str]) -> dict[int, _Found]:
    keys = {found for text in typed if (found := key(text))}
    return model._default_manager.filter(company=company).in_bulk(keys) if keys else {}
