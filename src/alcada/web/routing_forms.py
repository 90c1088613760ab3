"""Forms of the routing: a rule with its rows, the default, and the try-out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import conditions, money
from alcada.connections import routing
from alcada.connections.models import Connection, Routing, RoutingRule
from alcada.connections.routing_actions import RoutingError, Target
from alcada.directory import documents, queries
from alcada.directory.models import Category, CostCentre, EntryKind, Party
from alcada.flow.models import Trigger
from alcada.intake.drafts import amount
from alcada.intake.reader import amount_sentence, document_sentence, key
from alcada.people.models import Company
from alcada.web.condition_words import COMPARISONS, LABELS
from alcada.web.forms_base import Form, MoneyField
from alcada.web.intake_forms import Field

MOST_ROWS: Final = 20
ROW: Final = ("field", "is", "value")
REFUSE: Final = "refuse"


def party_label(party: Party) -> str:
    """What a list of suggestions holds, and `party_of` understands again."""
    number = documents.format(party.document) if party.document else f"#{party.pk}"
    return f"{party.name} · {number}"


def party_of(company: Company, typed: str) -> Party | None:
    """The one that was picked from the suggestions, or typed whole: by its name, its CPF or its CNPJ."""
    number = typed.rpartition(" · ")[2].strip()
    if number.startswith("#"):
        return Party.objects.filter(company=company, pk=key(number[1:])).first()
    found = queries.find_party(company, document=number) or queries.find_party(company, document=typed)
    return found or queries.find_party(company, name=typed)


def suggestions(company: Company, text: str) -> list[str]:
    """Parties of both sides that the text may mean, as `party_of` understands them."""
    found = queries.search_parties(company, EntryKind.PAYABLE, text, 10) if text.strip() else []
    return [party_label(party) for party in found]


@dataclass(frozen=True)
class Row:
    """One row of a rule as the template needs it."""

    field: Field
    comparison: Field
    value: Field
    kind: str  # of control: choice, money, party, number, text
    comparisons: list[tuple[str, Any]]
    choices: list[tuple[str, list[tuple[str, str]]]]


@dataclass
class Read:
    """What a form of a rule gives, or what is wrong with it by field."""

    name: str = ""
    conditions: dict[str, Any] = field(default_factory=dict)
    target: Target = field(default_factory=Target)
    problems: dict[str, list[str]] = field(default_factory=dict)


class RuleForm:
    """A rule as it is shown: always exactly what was typed, wrong or not."""

    def __init__(self, company: Company, typed: Mapping[str, Any], focus: str = "") -> None:
        self.company, self.focus = company, focus
        self.typed = {name: str(typed.get(name, "")) for name in ("name", "match", "to", "refusal")}
        self.problems: dict[str, list[str]] = {}
        self._rows = [dict(each) for each in typed["rows"]][:MOST_ROWS]

    @classmethod
    def empty(cls, company: Company) -> "RuleForm":
        only = list(company.connections.all()[:2])
        to = f"{only[0].pk}" if len(only) == 1 else ""
        row = {"field": "amount", "is": ">", "value": ""}
        return cls(company, {"match": "all", "to": to, "rows": [row]})

    @classmethod
    def of(cls, rule: RoutingRule) -> "RuleForm":
        rows = [
            {**row, "value": _typed(rule.company, row["field"], row["value"])}
            for row in rule.conditions["rows"]
        ]
        to = REFUSE if rule.connection_id is None else str(rule.connection_id)
        match = rule.conditions["match"]
        typed = {"name": rule.name, "match": match, "to": to, "refusal": rule.refusal, "rows": rows}
        return cls(rule.company, typed)

    @classmethod
    def posted(cls, company: Company, post: QueryDict) -> "RuleForm":
        """The form as it came, after its small button (another row, one less) did its work."""
        rows = []
        for index in range(MOST_ROWS):
            if f"rows-{index}-field" in post:
                rows.append({name: post.get(f"rows-{index}-{name}", "") for name in ROW})
        verb, _dash, which = post.get("do", "save").partition("-")
        focus = ""
        if verb == "add" and len(rows) < MOST_ROWS:
            rows.append({"field": "amount", "is": ">", "value": ""})
            focus = f"rows-{len(rows) - 1}-field"
        elif verb == "remove" and key(which) < len(rows) and len(rows) > 1:
            del rows[key(which)]
            focus = "add-row"
        elif verb == "fields" and key(which) < len(rows):
            rows[key(which)]["value"] = ""
            focus = f"rows-{key(which)}-is"
        return cls(company, {**post.dict(), "rows": rows}, focus)

    def __getitem__(self, name: str) -> Field:
        """`form.name` in a template."""
        return Field(name, self.typed[name], self.problems.get(name, []))

    @property
    def rows(self) -> list[Row]:
        return [self._row(index, row) for index, row in enumerate(self._rows)]

    @property
    def fields(self) -> list[tuple[str, Any]]:
        return [(name, LABELS[name]) for name in routing.FIELDS]

    @property
    def targets(self) -> list[tuple[str, str]]:
        return targets(self.company)

    @property
    def rows_errors(self) -> list[str]:
        return self.problems.get("conditions", [])

    @property
    def form_errors(self) -> list[str]:
        return self.problems.get("", [])

    def read(self) -> Read:
        """What was typed as a rule; `problems` stay beside the fields."""
        found = Read(name=self.typed["name"])
        rows = []
        for index, row in enumerate(self._rows):
            try:
                value = _stored(self.company, row["field"], row["value"])
                rows.append({"field": row["field"], "is": row["is"], "value": value})
                conditions.row_expression(rows[-1], routing.FIELDS)
            except RoutingError as exc:
                self.problems[f"rows.{index}"] = [exc.message]
            except conditions.ConditionError:
                self.problems[f"rows.{index}"] = [_("Choose how it is compared, and with what.")]
        match = "any" if self.typed["match"] == "any" else "all"
        found.conditions = {"match": match, "rows": rows}
        try:
            found.target = read_target(self.company, self.typed["to"], self.typed["refusal"])
        except RoutingError as exc:
            self.wrong(exc)
        if not found.name.strip():
            self.problems["name"] = [_("Give the rule a name: history and approvers see it.")]
        found.problems = self.problems
        return found

    def wrong(self, error: RoutingError) -> None:
        """Beside its field; a target's error stands where the person can mend it."""
        where = error.field
        if where == "target":
            where = "refusal" if self.typed["to"] == REFUSE else "to"
        self.problems.setdefault(where, []).append(error.message)

    def _row(self, index: int, row: Mapping[str, str]) -> Row:
        name = row["field"]
        kind = routing.FIELDS.get(name, "text")
        ordered = kind in ("money", "number")
        signs = list(COMPARISONS) if ordered else list(conditions.EQUALITY)
        choices = _choices(self.company, name, row["value"])
        control = "choice" if choices else "party" if name == "party" else kind
        errors = self.problems.get(f"rows.{index}", [])
        return Row(
            field=Field(f"rows-{index}-field", name, []),
            comparison=Field(f"rows-{index}-is", row["is"], []),
            value=Field(f"rows-{index}-value", row["value"], errors),
            kind=control,
            comparisons=[(sign, COMPARISONS[sign]) for sign in signs],
            choices=choices,
        )


def targets(company: Company) -> list[tuple[str, str]]:
    """The company's accounts, and the refusal."""
    never = _("never connected")
    found = [
        (str(row.pk), row.name if row.authorised_at else f"{row.name} ({never})")
        for row in company.connections.order_by("name", "id")
    ]
    return [*found, (REFUSE, _("No account: it is refused"))]


def read_target(company: Company, to: str, refusal: str) -> Target:
    """Raises RoutingError when neither an account of the company nor a refusal was chosen."""
    if to == REFUSE:
        if not refusal.strip():
            raise RoutingError("target", _("Write what whoever submits it should do instead."))
        return Target(refusal=" ".join(refusal.split()))
    chosen = Connection.objects.filter(company=company, pk=key(to)).first()
    if chosen is None:
        raise RoutingError("target", _("Choose the account."))
    return Target(connection=chosen)


def _stored(company: Company, name: str, typed: str) -> str:
    """A row's value as it is kept: keys of the directory, digits, decimals. Raises RoutingError."""
    text = typed.strip()
    if name == "amount":
        try:
            return str(money.parse_brl(text))
        except money.AmountError as exc:
            raise RoutingError("value", amount_sentence(exc.code)) from exc
    if name == "document":
        try:
            return documents.check(text)
        except documents.DocumentError as exc:
            raise RoutingError("value", document_sentence(exc.code)) from exc
    if name == "party":
        party = party_of(company, text)
        if party is None:
            raise RoutingError(
                "value", _("Pick one of the suggestions, or type the whole name, CPF or CNPJ.")
            )
        return str(party.pk)
    if name == "instalments":
        if not (text.isascii() and text.isdigit() and len(text) < 4):
            raise RoutingError("value", _("Write a whole number, such as 1."))
        return str(int(text))
    if text not in {value for _group, options in _choices(company, name, "") for value, _label in options}:
        raise RoutingError("value", _("Choose one of the list."))
    return text


def _typed(company: Company, name: str, stored: str) -> str:
    """The other way round: what a person would have typed."""
    if name == "amount":
        return amount(money.parse_brl(stored))
    if name == "document":
        return documents.format(stored)
    if name == "party":
        party = Party.objects.filter(company=company, pk=key(stored)).first()
        return party_label(party) if party else stored
    return stored


def _choices(company: Company, name: str, chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be chosen for a field, by group; what is chosen already stays, also when it is no longer in use."""
    if name == "kind":
        return [("", [(kind.value, str(kind.label)) for kind in EntryKind])]
    if name == "flow":
        return [("", [(trigger.value, str(trigger.label)) for trigger in Trigger])]
    still = Q(active=True) | Q(pk=key(chosen))
    if name == "cost_centre":
        found = CostCentre.objects.filter(still, company=company)
        return [("", [(str(centre.pk), str(centre)) for centre in found])]
    if name == "category":
        groups: dict[str, list[tuple[str, str]]] = {}
        for category in Category.objects.filter(still, company=company).order_by(
            "kind", "parent_name", "name"
        ):
            group = " · ".join(
                part for part in (str(EntryKind(category.kind).label), category.parent_name) if part
            )
            groups.setdefault(group, []).append((str(category.pk), category.name))
        return list(groups.items())
    return []


class DefaultForm(Form):
    """Where entries go that no rule takes."""

    to = forms.ChoiceField(label=lazy("Where they go"), required=False)
    refusal = forms.CharField(
        label=lazy("What whoever submits it reads"),
        max_length=300,
        required=False,
        help_text=lazy("For example: “Ask the controller which account this belongs to.”"),
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        only = company.connections.accounts().count() == 1
        nothing = _("The company's only account") if only else _("Nothing chosen: it is refused")
        choice = self.fields["to"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", nothing), *targets(company)]

    @staticmethod
    def initial_of(table: Routing | None) -> dict[str, str]:
        if table is None:
            return {}
        to = str(table.default_connection_id or (REFUSE if table.default_refusal else ""))
        return {"to": to, "refusal": table.default_refusal}

    def target(self) -> Target:
        """Raises RoutingError."""
        to = self.cleaned_data["to"]
        return read_target(self.company, to, self.cleaned_data["refusal"]) if to else Target()


class TryForm(Form):
    """An entry that nobody makes: where would it go?"""

    kind = forms.ChoiceField(label=lazy("Kind"), choices=EntryKind.choices)
    amount = MoneyField(label=lazy("Value"))
    party = forms.CharField(label=lazy("Vendor or customer"), max_length=260, required=False)
    category: Any = forms.ModelChoiceField(
        Category.objects.none(), label=lazy("Category"), required=False, empty_label=lazy("Any other")
    )
    cost_centre: Any = forms.ModelChoiceField(
        CostCentre.objects.none(), label=lazy("Cost centre"), required=False, empty_label=lazy("None")
    )
    instalments = forms.IntegerField(
        label=lazy("Instalments"), min_value=1, max_value=120, required=False, initial=1
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "try-%s", **kwargs})
        self.company = company
        self.fields["category"].queryset = Category.objects.filter(  # type: ignore[attr-defined]
            company=company, active=True
        ).order_by("kind", "parent_name", "name")
        self.fields["cost_centre"].queryset = CostCentre.objects.filter(  # type: ignore[attr-defined]
            company=company, active=True
        )
        self.fields["party"].widget.attrs |= {"list": "try-parties", "autocomplete": "off"}

    def clean_party(self) -> Party | None:
        typed = self.cleaned_data["party"].strip()
        found = party_of(self.company, typed) if typed else None
        if typed and found is None:
            raise forms.ValidationError(
                _("Pick one of the suggestions, or type the whole name, CPF or CNPJ.")
            )
        return found

    def facts(self) -> routing.Facts:
        data = self.cleaned_data
        party, category, centre = data["party"], data["category"], data["cost_centre"]
        return routing.Facts(
            kind=data["kind"],
            amount=data["amount"],
            party=str(party.pk) if party else "",
            document=party.document if party else "",
            category=(str(category.pk),) if category else (),
            cost_centre=(str(centre.pk),) if centre else (),
            instalments=data["instalments"] or 1,
            flow=Trigger.of(data["kind"]),
        )
