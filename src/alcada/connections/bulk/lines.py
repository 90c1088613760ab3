"""One row as what it asks for: an account, a rule or a mapping; and everything that is wrong with it. Pure."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from alcada import money
from alcada.connections.bulk import columns
from alcada.connections.bulk.sheet import Row
from alcada.directory import documents

MOST_PEOPLE: Final = 50
_FORMULA: Final = ("=", "+", "@", "-", "＝", "＋", "＠")
_ADDRESS: Final = re.compile(r"\s*(?P<name>[^<>,|;]*?)\s*<(?P<email>[^<>]+)>\s*")


@dataclass(frozen=True)
class Problem:
    """Why a line can't be made. `code` is stable; `column` says beside what; `figures` belong in the sentence."""

    code: str
    column: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Somebody:
    """A role for a person: by e-mail; the name is for who is not here yet."""

    email: str
    name: str
    role: str


@dataclass(frozen=True)
class AccountLine:
    company: str
    owner_name: str = ""
    owner_email: str = ""
    people: tuple[Somebody, ...] = ()
    usual: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleLine:
    order: int  # 0: the company's default
    name: str
    content: dict[str, Any]  # as prepared_rules reads it
    refusal: str = ""


@dataclass(frozen=True)
class MappingLine:
    register: str
    here: str
    there: str


@dataclass
class Line:
    """A line of the file, read as far as it could be."""

    number: int
    what: str
    document: str = ""
    account: str = ""
    asks: AccountLine | RuleLine | MappingLine | None = None
    problems: list[Problem] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)


def read(row: Row) -> Line:
    """What the row asks for. Its problems are all collected, so that a person sees them at once."""
    return _Reader(row).line()


class _Reader:
    def __init__(self, row: Row) -> None:
        self.cells = row.cells
        self.found = Line(row.number, columns.word(columns.WHATS, row.cells.get("what", "")), typed=row.cells)

    def line(self) -> Line:
        found = self.found
        if not found.what:
            self._wrong("unknown_what", "what", typed=self.cells["what"][:40])
            return found
        found.document = self._document("document", required=True)
        found.account = self._text("account", 100)
        found.asks = {"account": self._account, "rule": self._rule, "mapping": self._mapping}[found.what]()
        if found.problems:
            found.asks = None
        return found

    def _account(self) -> AccountLine:
        usual = {
            register: self._text(column, 200)
            for register, column in (
                ("payable_category", "payable_category"),
                ("receivable_category", "receivable_category"),
                ("cost_centre", "usual_cost_centre"),
                ("bank_account", "usual_bank_account"),
            )
        }
        return AccountLine(
            company=self._text("company", 200),
            owner_name=self._text("owner_name", 150),
            owner_email=self._email("owner_email", self._get("owner_email")),
            people=tuple(self._people()),
            usual={register: name for register, name in usual.items() if name},
        )

    def _people(self) -> list[Somebody]:
        found: dict[tuple[str, str], Somebody] = {}
        for column, role in columns.NAMED.items():
            for part in re.split(r"[,;|]|(?<=>)\s", self._get(column)):
                for name, address in _addresses(part):
                    email = self._email(column, address)
                    if email:
                        name = name[:150] or email.partition("@")[0]
                        found.setdefault((email, role), Somebody(email, name, role))
        if len(found) > MOST_PEOPLE:
            self._wrong("too_many_people", "requesters", most=MOST_PEOPLE)
        return list(found.values())

    def _rule(self) -> RuleLine | None:
        order = self._order()
        name = self._text("name", 80)
        refusal = self._text("refusal", 300, formula=False)
        kind = self._word("kind", columns.KINDS)
        content: dict[str, Any] = {
            "order": order,
            "kind": kind,
            "category": self._text("category", 200),
            "cost_centre": self._text("cost_centre", 200),
            "vendor": self._document("vendor"),
            "over": self._amount("over"),
            "up_to": self._amount("up_to"),
            "refusal": refusal,
        }
        named = ("kind", "category", "cost_centre", "vendor", "over", "up_to")
        conditions = [self._get(name) for name in named]  # as typed: one that can't be read is wrong enough
        if order == 0 and any(conditions):
            self._wrong("default_with_conditions", "order")
        if order and not any(conditions):
            self._wrong("no_conditions", "order")
        if content["over"] and content["up_to"] and _less(content["up_to"], content["over"]):
            self._wrong("empty_span", "up_to")
        if refusal and self.found.account:
            self._wrong("account_and_refusal", "refusal")
        return RuleLine(order or 0, name or f"Regra {order}", content, refusal)

    def _mapping(self) -> MappingLine:
        register = self._word("register", columns.REGISTERS, required=True)
        return MappingLine(
            register, self._text("here", 200, required=True), self._text("there", 200, required=True)
        )

    # Cells

    def _get(self, column: str) -> str:
        return self.cells.get(column, "")

    def _wrong(self, code: str, column: str = "", **figures: Any) -> None:
        self.found.problems.append(Problem(code, column, figures))

    def _text(self, column: str, longest: int, *, required: bool = False, formula: bool = True) -> str:
        text = self._get(column)
        if required and not text:
            self._wrong("missing", column)
        if len(text) > longest:
            self._wrong("too_long", column, longest=longest, found=len(text))
        if formula and text.startswith(_FORMULA):
            self._wrong("formula", column, sign=text[0])
        if any(unicodedata.category(c) == "Cc" or c == "\ufffd" for c in text):
            self._wrong("unreadable", column)
        if text and not any(c.isalnum() for c in text):
            self._wrong("only_signs", column)
        return text

    def _document(self, column: str, *, required: bool = False) -> str:
        text = self._get(column)
        if not text:
            if required:
                self._wrong("missing", column)
            return ""
        # A spreadsheet drops the zeros that a number begins with, and shows a long one as 1,12E+13.
        if re.fullmatch(r"[0-9]+[.,][0-9]+E\+[0-9]+", text, re.IGNORECASE):
            self._wrong("document_as_number", column)
            return ""
        return self._checked(column, text, documents.check, documents.DocumentError, "document_")

    def _amount(self, column: str) -> str:
        text = self._get(column)
        return (
            self._checked(column, text, lambda t: str(money.parse_brl(t)), money.AmountError, "amount_")
            if text
            else ""
        )

    def _checked(
        self, column: str, text: str, check: Callable[[str], str], error: type[Exception], prefix: str
    ) -> str:
        try:
            return check(text)
        except error as exc:
            self._wrong(prefix + str(getattr(exc, "code", "")), column)
            return ""

    def _email(self, column: str, text: str) -> str:
        address = text.strip().lower()
        if not address:
            return ""
        try:
            validate_email(address)
        except ValidationError:
            self._wrong("email", column, typed=address[:60])
            return ""
        if len(address) > 254:
            self._wrong("too_long", column, longest=254, found=len(address))
        return address

    def _word(self, column: str, table: dict[str, tuple[str, ...]], *, required: bool = False) -> str:
        text = self._get(column)
        found = columns.word(table, text) if text else ""
        if text and not found:
            self._wrong(
                "unknown_word", column, typed=text[:40], allowed=[words[0] for words in table.values()]
            )
        if required and not text:
            self._wrong("missing", column)
        return found

    def _order(self) -> int | None:
        text = self._get("order")
        if columns.folded(text) in columns.DEFAULTS:
            return 0
        if text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 7:
            return int(text)
        self._wrong("order", "order")
        return None


def _addresses(part: str) -> list[tuple[str, str]]:
    """Name <address>, or addresses with spaces between."""
    if found := _ADDRESS.fullmatch(part):
        return [(found["name"].strip(' "'), found["email"])]
    return [("", address) for address in part.split()]


def _less(one: str, other: str) -> bool:
    return money.parse_brl(one) <= money.parse_brl(other)
