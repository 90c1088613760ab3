"""Forms of the routing: a rule with its rows, the default, and the try-out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import conditions
from alcada.connections import routing
from alcada.connections.models import Connection, Routing, RoutingRule
from alcada.connections.routing_actions import RoutingError, Target
from alcada.directory.condition_words import COMPARISONS, LABELS
from alcada.directory.models import Category, CostCentre, EntryKind, Party
from alcada.flow.models import Trigger
from alcada.intake.rules import key
from alcada.people.models import Company
from alcada.web.forms_base import Form, MoneyField
from alcada.web.intake_forms import Field
from alcada.web.routing_values import choices_of, party_of, stored, typed_again

MOST_ROWS: Final = 20
ROW: Final = ("field", "is", "value")
REFUSE: Final = "refuse"
NOTHING: Final = "nothing"


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
            {**row, "value": typed_again(rule.company, row["field"], row["value"])}
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
                value = stored(self.company, row["field"], row["value"])
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
        choices = choices_of(self.company, name, row["value"])
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


class DefaultForm(Form):
    """Where entries go that no rule takes."""

    to = forms.ChoiceField(label=lazy("Where they go"))
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
        choice.choices = [(NOTHING, nothing), *targets(company)]

    @staticmethod
    def initial_of(table: Routing | None) -> dict[str, str]:
        if table is None:
            return {"to": NOTHING}
        to = str(table.default_connection_id or (REFUSE if table.default_refusal else NOTHING))
        return {"to": to, "refusal": table.default_refusal}

    def target(self) -> Target:
        """Raises RoutingError."""
        to = self.cleaned_data["to"]
        return read_target(self.company, to, self.cleaned_data["refusal"]) if to != NOTHING else Target()


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
