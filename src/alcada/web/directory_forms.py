"""Forms of the directory."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from alcada.directory.actions import DirectoryError, Usual
from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for
from alcada.people.models import Company, User
from alcada.people.queries import people_of
from alcada.web.forms_base import DocumentField, Form, MoneyField


class UsualForm(Form):
    """What entries usually have; every choice may stay empty."""

    category: Any = forms.ModelChoiceField(
        Category.objects.none(), label=lazy("Usual category"), required=False, empty_label=lazy("None")
    )
    cost_centre: Any = forms.ModelChoiceField(
        CostCentre.objects.none(), label=lazy("Usual cost centre"), required=False, empty_label=lazy("None")
    )
    bank_account: Any = forms.ModelChoiceField(
        BankAccount.objects.none(), label=lazy("Usual account"), required=False, empty_label=lazy("None")
    )

    def offer(self, company: Company, kind: str) -> None:
        """Fill the choices: of one kind of entry, or of both when `kind` is empty."""
        kinds = [kind] if kind else list(EntryKind)
        offered = categories_for(company, kinds[0])
        for other in kinds[1:]:
            offered = offered | categories_for(company, other)
        self.fields["category"].queryset = offered  # type: ignore[attr-defined]
        self.fields["cost_centre"].queryset = cost_centres_for(company)  # type: ignore[attr-defined]
        self.fields["bank_account"].queryset = bank_accounts_for(company, kind)  # type: ignore[attr-defined]

    def usual(self) -> Usual:
        data = self.cleaned_data
        return Usual(data["category"], data["cost_centre"], data["bank_account"])


class PartyForm(UsualForm):
    name = forms.CharField(label=lazy("Name"), max_length=200)
    document = DocumentField(
        label="CPF/CNPJ",
        required=False,
        help_text=lazy("Conta Azul is searched by it: with one, no second record is made there."),
    )
    email = forms.EmailField(label=lazy("E-mail"), max_length=100, required=False)
    is_vendor = forms.BooleanField(label=lazy("Vendor"), required=False)
    is_customer = forms.BooleanField(label=lazy("Customer"), required=False)

    field_order = ("name", "document", "email", "is_vendor", "is_customer")


class CostCentreForm(Form):
    name = forms.CharField(label=lazy("Name"), max_length=200)
    code = forms.CharField(label=lazy("Code"), max_length=20, required=False)
    owner: Any = forms.ModelChoiceField(
        User.objects.none(),
        label=lazy("Owner"),
        required=False,
        empty_label=lazy("Nobody"),
        help_text=lazy("Who answers for what is spent here."),
    )
    monthly_budget = MoneyField(
        label=lazy("Monthly budget"),
        required=False,
        help_text=lazy("What may be spent here in a month, by competence date."),
    )
    active = forms.BooleanField(label=lazy("In use"), required=False, initial=True)

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_of(company)  # type: ignore[attr-defined]


def add_error(form: Form, error: DirectoryError) -> None:
    """Beside its field, where the form has one."""
    form.add_error(error.field if error.field in form.fields else None, error.message)
