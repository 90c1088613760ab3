"""What the lines of a file may name in a company, read once for all of them."""

from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for, defaults_for
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.sheets import own
from alcada.people.models import Company
from alcada.sheets.names import Names


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
