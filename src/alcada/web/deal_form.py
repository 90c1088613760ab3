"""The form of a deal: what was agreed, for whom, and what its receivable will need."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.db.models import Q, QuerySet
from django.forms import widgets
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.directory.actions import DirectoryError, save_party
from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind, Party
from alcada.directory.queries import (
    bank_accounts_for,
    categories_for,
    cost_centres_for,
    find_party,
    search_parties,
)
from alcada.people.models import Company, User
from alcada.sales.actions import Content
from alcada.sales.models import Deal, Stage
from alcada.sales.queries import owners_for, usual_for
from alcada.sales.rules import LONGEST_TERMS, Problems, TermsError, instalments, read_terms
from alcada.web.forms_base import DayField, DocumentField, Form, MoneyField, show_figure

CUSTOMER: Final = ("party", "new_party", "party_name", "party_document", "party_email")


class DealForm(Form):
    form = forms.UUIDField(required=False, widget=widgets.HiddenInput)
    party = forms.CharField(required=False, widget=widgets.HiddenInput)
    new_party = forms.CharField(required=False, widget=widgets.HiddenInput)
    party_name = forms.CharField(label=lazy("Name"), max_length=200, required=False)
    party_document = DocumentField(label=lazy("CPF or CNPJ"), required=False)
    party_email = forms.EmailField(label=lazy("E-mail"), max_length=100, required=False)
    title = forms.CharField(label=lazy("What is sold"), max_length=200)
    amount = MoneyField(label=lazy("Value"))
    terms = forms.CharField(
        label=lazy("Payment terms"),
        max_length=LONGEST_TERMS,
        required=False,
        help_text=lazy("Such as 30/60/90, cash, 10x, entry + 3, 28 ddl."),
        widget=widgets.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    expected_on = DayField(label=lazy("Expected to close on"), required=False)
    category: Any = forms.ModelChoiceField(
        Category.objects.none(), label=lazy("Category"), required=False, empty_label=lazy("Not said yet")
    )
    cost_centre: Any = forms.ModelChoiceField(
        CostCentre.objects.none(), label=lazy("Cost centre"), required=False, empty_label=lazy("None")
    )
    bank_account: Any = forms.ModelChoiceField(
        BankAccount.objects.none(),
        label=lazy("Received in"),
        required=False,
        empty_label=lazy("Not said yet"),
    )
    stage: Any = forms.ModelChoiceField(Stage.objects.none(), label=lazy("Stage"), empty_label=None)
    owner: Any = forms.ModelChoiceField(User.objects.none(), label=lazy("Owner"), empty_label=None)
    notes = forms.CharField(
        label=lazy("Notes"),
        max_length=1000,
        required=False,
        widget=widgets.Textarea({"rows": 3}),
        help_text=lazy("They stay here: they are not sent to Conta Azul."),
    )

    def __init__(
        self,
        company: Company,
        by: User,
        data: Mapping[str, Any] | None = None,
        *,
        deal: Deal | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.company, self.by, self.deal = company, by, deal
        self.fields["amount"].widget.attrs["placeholder"] = "0,00"
        kind = EntryKind.RECEIVABLE
        self._offer("category", categories_for(company, kind))
        self._offer("bank_account", bank_accounts_for(company, kind))
        self._offer("cost_centre", cost_centres_for(company))
        self._offer("owner", owners_for(company, by))
        stages = Stage.objects.filter(pipeline__company=company, removed_at=None)
        self._offer("stage", stages.select_related("pipeline").order_by("pipeline_id", "order"))
        self._leave_out()

    def _offer(self, name: str, choices: QuerySet[Any]) -> None:
        """The choices, and what the deal has already even if nobody would be offered it any more."""
        now = getattr(self.deal, f"{name}_id", None)
        if now is not None and not choices.filter(pk=now).exists():
            choices = choices.model._default_manager.filter(Q(pk__in=choices.values("pk")) | Q(pk=now))
        self.fields[name].queryset = choices  # type: ignore[attr-defined]

    def _leave_out(self) -> None:
        """What leaves no choice is no field."""
        if not self.fields["cost_centre"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["cost_centre"]
        if self.fields["owner"].queryset.count() < 2:  # type: ignore[attr-defined]
            del self.fields["owner"]
        stages = list(self.fields["stage"].queryset)  # type: ignore[attr-defined]
        if not stages:
            del self.fields["stage"]
        elif len({stage.pipeline_id for stage in stages}) > 1:
            self.fields["stage"].label_from_instance = lambda one: f"{one.pipeline.name} › {one.name}"  # type: ignore[attr-defined]

    # --- What the template shows of the customer ---------------------------------------------------------------

    @property
    def chosen(self) -> Party | None:
        """The customer chosen from the directory."""
        key = str(self["party"].value() or "")
        return Party.objects.filter(company=self.company, pk=int(key)).first() if _is_key(key) else None

    @property
    def is_new(self) -> bool:
        return bool(self["new_party"].value())

    @property
    def suggestions(self) -> list[Party]:
        """Without JavaScript: whom the typed name may mean."""
        typed = str(self["party_name"].value() or "").replace("\x00", "").strip()
        if not typed or self.is_new or self.chosen:
            return []
        return search_parties(self.company, EntryKind.RECEIVABLE, typed, 6)

    # --- Checking ------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if self.is_new:
            if not data.get("party_name", "").strip() and "party_name" not in self.errors:
                self.add_error("party_name", _("Give the name."))
        else:
            data["customer"] = self.chosen or self._by_name(str(data.get("party_name") or ""))
            if data["customer"] is None:
                self.add_error("party_name", _("Choose the customer."))
        self._check_terms(data)
        return data

    def _by_name(self, typed: str) -> Party | None:
        """A whole name or document that is one party's is that party; part of a name is nobody's."""
        if not typed.strip():
            return None
        return find_party(self.company, document=typed) or find_party(self.company, name=typed)

    def _check_terms(self, data: Mapping[str, Any]) -> None:
        if not data.get("terms"):
            return
        try:
            read = read_terms(data["terms"])
            if data.get("amount"):
                instalments(read, data["amount"], timezone.localdate())
        except TermsError as exc:
            self.add_error("terms", exc.sentence)

    def take(self, problems: Problems) -> None:
        """Beside their fields; what has none, above all."""
        for name, sentences in problems.fields.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)

    # --- What it says --------------------------------------------------------------------------------------------

    def customer(self) -> Party | None:
        """The customer, put into the directory where it is new. None: what is wrong stands beside its field.

        In the caller's transaction.
        """
        data = self.cleaned_data
        known: Party | None = data.get("customer")
        if known is not None and known.is_customer:
            return known
        try:
            return save_party(
                self.company,
                name=known.name if known else data["party_name"],
                document=known.document if known else data["party_document"],
                email="" if known else data["party_email"],
                is_customer=True,
                by=self.by,
            )
        except DirectoryError as exc:
            name = {"document": "party_document", "email": "party_email"}.get(exc.field, "party_name")
            self.add_error(name if self.is_new else "party_name", exc.message)
            return None

    def content(self, customer: Party) -> Content:
        data, deal = self.cleaned_data, self.deal
        return Content(
            title=data["title"],
            customer=customer,
            value=data["amount"],
            owner=data.get("owner") or (deal.owner if deal else self.by),
            terms=data["terms"],
            stage=data.get("stage"),
            category=data["category"],
            cost_centre=data.get("cost_centre"),
            bank_account=data["bank_account"],
            expected_on=data["expected_on"],
            notes=data["notes"],
        )


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def empty(company: Company, by: User) -> dict[str, Any]:
    """A new form: the company's usual category, cost centre and account."""
    usual = usual_for(company)
    named = {name: thing.pk if thing else None for name, thing in usual.items()}
    return named | {"owner": by.pk, "form": uuid4()}


def of_deal(deal: Deal) -> dict[str, Any]:
    """The form's fields as they would be posted."""
    fields = {
        "party": deal.customer_id,
        "party_name": deal.customer.name,
        "title": deal.title,
        "amount": show_figure(deal.value),
        "terms": deal.terms,
        "expected_on": deal.expected_on.isoformat() if deal.expected_on else "",
        "category": deal.category_id,
        "cost_centre": deal.cost_centre_id,
        "bank_account": deal.bank_account_id,
        "stage": deal.stage_id,
        "owner": deal.owner_id,
        "notes": deal.notes,
    }
    return {name: "" if value is None else str(value) for name, value in fields.items()}


def press(do: str, typed: dict[str, Any], company: Company, by: User) -> str:
    """A small button of the customer's box, carried out on what was typed. Returns the field to go on in."""
    what = do.removeprefix("party-")
    if what == "new":
        text = str(typed.get("party_name") or "").strip()
        is_number = bool(text) and not any(c.isalpha() for c in text)
        typed |= {"party": "", "new_party": "1"}
        if is_number:
            typed |= {"party_name": "", "party_document": text}
        return "party_name" if is_number or not text else "party_document"
    if what == "search":
        typed |= dict.fromkeys(CUSTOMER, "")
        return "party_name"
    party = Party.objects.filter(company=company, pk=int(what)).first() if _is_key(what) else None
    if party is not None:
        _choose(party, typed, empty(company, by))
    return "title"


def _choose(party: Party, typed: dict[str, Any], fresh: Mapping[str, Any]) -> None:
    """Take the customer, and what their receivables usually have where nothing else was chosen."""
    typed |= dict.fromkeys(CUSTOMER, "") | {"party": str(party.pk), "party_name": party.name}
    usual: dict[str, Any] = {
        "cost_centre": party.default_cost_centre_id,
        "bank_account": party.default_bank_account_id,
    }
    if party.default_category and party.default_category.kind == EntryKind.RECEIVABLE:
        usual["category"] = party.default_category_id
    for name, key in usual.items():
        if key and str(typed.get(name) or "") in ("", str(fresh[name] or "")):
            typed[name] = str(key)
