"""The entry form: a post as a draft, what its small buttons do to it, and what the template shows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from alcada import money
from alcada.directory import queries as directory
from alcada.directory.models import EntryKind, Party
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for, search_parties
from alcada.intake import custom, drafts
from alcada.intake.drafts import INSTALMENT, SPLIT, TEXTS, Draft
from alcada.intake.models import CustomField, Entry, PaymentMethod
from alcada.intake.rules import INTERVALS, MAX_ROWS, add_up, due_dates, key, read_day, show
from alcada.people.models import Company
from alcada.web import frozen

CUSTOM: Final = "custom-"
GENERATOR: Final = ("parts", "first", "every")
_ROW = re.compile(r"(splits|instalments)-([0-9]{1,4})-([a-z_]+)")


def read(posted: QueryDict) -> Draft:
    """The posted form as a draft: rows by their position in the form, gaps closed."""
    rows: dict[str, dict[int, dict[str, str]]] = {"splits": {}, "instalments": {}}
    for name, value in posted.items():
        if found := _ROW.fullmatch(name):
            rows[found[1]].setdefault(int(found[2]), {})[found[3]] = str(value)
    data: dict[str, Any] = {name: posted.get(name, "") for name in TEXTS}
    for name, found_rows in rows.items():
        data[name] = [found_rows[position] for position in sorted(found_rows)]
    data["custom"] = {
        name.removeprefix(CUSTOM): posted.get(name, "") for name in posted if name.startswith(CUSTOM)
    }
    data["confirmed"] = posted.getlist("confirmed")
    return drafts.shaped(data)


@dataclass
class Step:
    """What a small button (add a row, generate, choose a vendor) leaves behind besides the changed draft."""

    focus: str = ""  # the field in which the person goes on
    problems: dict[str, list[str]] = field(default_factory=dict)


def take(do: str, draft: Draft, posted: Mapping[str, Any], company: Company, kind: str) -> Step:
    """Carry out a small button on the draft. One that isn't known does nothing."""
    verb, _dash, what = do.partition("-")
    if verb == "add" and what in ("splits", "instalments"):
        return _add(draft, what)
    if verb == "remove":
        return _remove(draft, what)
    if verb == "rest":
        return _rest(draft, what)
    if verb == "generate":
        return _generate(draft, posted)
    if verb == "party":
        return _party(draft, what, company, kind)
    return Step()


def _add(draft: Draft, what: str) -> Step:
    rows = draft[what]
    if len(rows) < MAX_ROWS:
        rows.append(dict.fromkeys(SPLIT if what == "splits" else INSTALMENT, ""))
    first = "category" if what == "splits" else "due_date"
    return Step(focus=f"{what}-{len(rows) - 1}-{first}")


def _remove(draft: Draft, what: str) -> Step:
    name, _dash, position = what.partition("-")
    rows = draft.get(name)
    if isinstance(rows, list) and key(position) < len(rows):
        del rows[key(position)]
        draft[name] = rows or drafts.shaped({})[name]
    return Step(focus=f"add-{name}")


def _rest(draft: Draft, what: str) -> Step:
    """Put into this row what the others leave of the value."""
    name, _dash, position = what.partition("-")
    rows, index = draft.get(name), key(position)
    if not isinstance(rows, list) or index >= len(rows):
        return Step()
    where = f"{name}.{index}.amount"
    total = amount_of(draft["amount"])
    others = [amount_of(row["amount"]) or Decimal(0) for at, row in enumerate(rows) if at != index]
    if total is None:
        return Step(problems={"amount": [_("Fill in the value first.")]}, focus="amount")
    rest = total - sum(others, Decimal(0))
    if rest <= 0:
        return Step(problems={where: [_("The other rows leave nothing for this one.")]})
    rows[index]["amount"] = drafts.amount(rest)
    return Step(focus=f"{name}-{index}-amount")


def _generate(draft: Draft, posted: Mapping[str, Any]) -> Step:
    """So many equal instalments; the first carry the odd cents (docs/money.md)."""
    parts, first = key(str(posted.get("parts", "")).strip()), read_day(str(posted.get("first", "")))
    every = str(posted.get("every", ""))
    total = amount_of(draft["amount"])
    problems: dict[str, list[str]] = {}
    if total is None:
        problems["amount"] = [_("Fill in the value first.")]
    if not 1 <= parts <= MAX_ROWS:
        problems["parts"] = [_("From 1 to %(most)s.") % {"most": MAX_ROWS}]
    if first is None:
        problems["first"] = [_("Write the first due date like 31/12/2026.")]
    if total is not None and 1 <= parts <= MAX_ROWS and money.to_cents(total) < parts:
        problems["parts"] = [_("The value has fewer cents than that.")]
    if problems or total is None or first is None:
        return Step(problems=problems)
    days = due_dates(first, parts=parts, every=every if every in INTERVALS else "month")
    shares = money.split_evenly(total, parts)
    draft["instalments"] = [
        {"due_date": drafts.day(day), "amount": drafts.amount(share)}
        for day, share in zip(days, shares, strict=True)
    ]
    return Step(focus="bank_account")


def _party(draft: Draft, what: str, company: Company, kind: str) -> Step:
    """Choose a vendor or customer by key, begin a new one, or go back to searching."""
    if what == "new":
        text = draft["party_name"].strip()
        looks_like_number = bool(text) and not any(c.isalpha() for c in text)
        draft |= {"party": "", "new_party": "1"}
        if looks_like_number:
            draft |= {"party_name": "", "party_document": text}
        return Step(focus="party_name" if looks_like_number or not text else "party_document")
    if what == "search":
        draft |= {"party": "", "new_party": "", "party_name": "", "party_document": "", "party_email": ""}
        return Step(focus="party_name")
    party = Party.objects.filter(company=company, pk=key(what)).first()
    if party is not None:
        drafts.choose_party(draft, party, kind)
    return Step(focus="description")


def find_party(draft: Draft, company: Company, kind: str) -> None:
    """What was typed and not picked from the list: a whole name or document that is one party's is that party.

    Part of a name is not enough, be it the only match: the money would go to whom nobody chose.
    """
    chosen = drafts.party_of(company, draft)
    typed = draft["party_name"].strip()
    if draft["new_party"] or (chosen and (not typed or typed == chosen.name)):
        return
    draft["party"] = ""
    found = directory.find_party(company, document=typed) or directory.find_party(company, name=typed)
    if typed and found:
        drafts.choose_party(draft, found, kind)


def amount_of(typed: str) -> Decimal | None:
    try:
        return money.parse_brl(typed) or None
    except money.AmountError:
        return None


@dataclass(frozen=True)
class Field:
    """One field as the template needs it: its name in the form, what was typed, what is wrong with it."""

    name: str
    value: str
    errors: list[str]

    @property
    def id(self) -> str:
        return f"id-{self.name}"


class EntryForm:
    """The form as it is shown: always exactly what was typed, wrong or not."""

    def __init__(
        self,
        company: Company,
        kind: str,
        draft: Draft,
        *,
        problems: Mapping[str, list[str]] | None = None,
        generator: Mapping[str, Any] | None = None,
        focus: str = "",
    ) -> None:
        self.company, self.kind, self.draft = company, kind, drafts.shaped(draft)
        self.problems, self.focus = dict(problems or {}), focus
        self.generator = {name: str((generator or {}).get(name) or "") for name in GENERATOR}
        self.payable = kind == EntryKind.PAYABLE
        self.chosen = drafts.party_of(company, self.draft)
        self.methods = PaymentMethod.choices
        self.intervals = [
            ("month", _("monthly")),
            ("7", _("every 7 days")),
            ("14", _("every 14 days")),
            ("15", _("every 15 days")),
            ("30", _("every 30 days")),
        ]

    def __getitem__(self, name: str) -> Field:
        """`form.amount` in a template."""
        if name in TEXTS:
            return Field(name, self.draft[name], self._errors(name))
        if name in GENERATOR:
            return Field(name, self.generator[name], self._errors(name))
        raise KeyError(name)

    def _errors(self, path: str) -> list[str]:
        return self.problems.get(path, [])

    @property
    def party_errors(self) -> list[str]:
        return [*self._errors("party"), *self._errors("party_name")]

    @property
    def splits(self) -> list[dict[str, Any]]:
        return self._rows("splits", SPLIT)

    @property
    def instalments(self) -> list[dict[str, Any]]:
        return self._rows("instalments", INSTALMENT)

    def _rows(self, what: str, names: Iterable[str]) -> list[dict[str, Any]]:
        return [
            {
                name: Field(f"{what}-{index}-{name}", row[name], self._errors(f"{what}.{index}.{name}"))
                for name in names
            }
            for index, row in enumerate(self.draft[what])
        ]

    @property
    def custom(self) -> list[tuple[CustomField, Field]]:
        """The company's own fields of this kind of entry."""
        return [(one, self._custom(str(one.pk))) for one in custom.fields_of(self.company, self.kind)]

    def _custom(self, key: str) -> Field:
        return Field(CUSTOM + key, self.draft["custom"].get(key, ""), self._errors(f"custom.{key}"))

    def own_kept(self, entry: Entry | None) -> list[tuple[str, str]]:
        """What was submitted in fields that are no longer on the form, as people write it."""
        if entry is None or entry.current_id is None:
            return []
        shown = self.custom
        filled = {(one.type, one.name) for one, field in shown if field.value.strip()}
        kept = custom.kept(entry, [one for one, _field in shown], filled)
        return [(one.name, frozen.of_type(one.type, one.value)) for one in kept]

    @property
    def splits_errors(self) -> list[str]:
        return self._errors("splits")

    @property
    def instalments_errors(self) -> list[str]:
        return self._errors("instalments")

    @property
    def splits_sum(self) -> str:
        return self._sum("splits")

    @property
    def instalments_sum(self) -> str:
        return self._sum("instalments")

    def _sum(self, what: str) -> str:
        """How the rows stand against the value; intake.js keeps it current while they are typed."""
        total, rows = amount_of(self.draft["amount"]), self.draft[what]
        if total is None or (len(rows) == 1 and not rows[0]["amount"].strip()):
            return ""
        return add_up(what, [amount_of(row["amount"]) or Decimal(0) for row in rows], total)

    @property
    def total(self) -> str:
        total = amount_of(self.draft["amount"])
        return show(total) if total else ""

    @property
    def categories(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """By parent, as the chart of categories has them."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for category in categories_for(self.company, self.kind):
            groups.setdefault(category.parent_name, []).append((str(category.pk), category.name))
        return list(groups.items())

    @property
    def cost_centres(self) -> list[tuple[str, str]]:
        return [(str(centre.pk), str(centre)) for centre in cost_centres_for(self.company)]

    @property
    def bank_accounts(self) -> list[tuple[str, str]]:
        return [(str(account.pk), account.name) for account in bank_accounts_for(self.company, self.kind)]

    @property
    def suggestions(self) -> list[Party]:
        """Without JavaScript: whom the typed name may mean."""
        typed = self.draft["party_name"].strip()
        if self.chosen or self.draft["new_party"] or not typed:
            return []
        return search_parties(self.company, self.kind, typed, 6)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """What is wrong, each with the field to go to, in the order of the form."""
        order = [*ORDER]
        paths = sorted(self.problems, key=lambda path: (_place(path, order), path))
        return [(_anchor(path), sentence) for path in paths for sentence in self.problems[path]]


ORDER: Final = (
    "",
    "party",
    "party_name",
    "party_document",
    "party_email",
    "description",
    "document_number",
    "amount",
    "competence_date",
    "splits",
    "instalments",
    "bank_account",
    "payment_method",
    "payment_details",
    "notes",
    "custom",
    "documents",
)


def _place(path: str, order: list[str]) -> int:
    name = path.split(".")[0]
    return order.index(name) if name in order else len(order)


def _anchor(path: str) -> str:
    """The element to go to: the vendor's search box stands for whatever is wrong with who it is."""
    return "id-" + {"party": "party_name", "": "splits"}.get(path, path.replace(".", "-"))
