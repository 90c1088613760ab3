"""What a file would make, change and leave, line by line. Writes nothing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from alcada.connections.bulk import compare
from alcada.connections.bulk.lines import AccountLine, Line, MappingLine, Problem, RuleLine, Somebody
from alcada.connections.bulk.world import World, load
from alcada.connections.mirror_rows import normalised
from alcada.connections.models import Connection, Prepared
from alcada.connections.prepared_rules import DEFAULT_KEY
from alcada.people.models import Company, Role, User

# Weakest first: a line that makes one thing and changes another has made something.
OUTCOMES: Final = ("left", "changed", "made", "refused")


@dataclass
class Firm:
    """A company of the file: here already, or to be made."""

    document: str
    name: str
    row: Company | None = None
    rename: bool = False
    named_at: int = 0  # the line that says its name
    accounts: dict[str, "Books"] = field(default_factory=dict)  # by folded name, those here already too

    @property
    def fetched(self) -> bool:
        """Was everything fetched that a name may come from?"""
        return bool(self.accounts) and all(each.fetched for each in self.accounts.values())


@dataclass
class Books:
    """An account of a company."""

    firm: Firm
    name: str
    row: Connection | None = None
    asked_at: int = 0  # the line that asks for it
    owner: tuple[str, str] | None = None  # to be noted: name, e-mail

    @property
    def fetched(self) -> bool:
        return self.row is not None and self.row.directory_synced_at is not None


@dataclass(frozen=True)
class Setting:
    """A rule, a usual value or a mapping that has to be prepared."""

    firm: Firm
    books: Books | None
    kind: Prepared.Kind
    key: str
    content: dict[str, Any]


@dataclass
class Verdict:
    """What becomes of a line. Plain values: it is kept and shown."""

    line: int
    what: str
    document: str
    company: str
    account: str
    outcome: str = "left"
    effects: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def does(self, code: str, outcome: str, **figures: Any) -> None:
        self.effects.append((code, figures))
        self.outcome = max(self.outcome, outcome, key=OUTCOMES.index)

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Plan:
    firms: dict[str, Firm] = field(default_factory=dict)
    roles: list[tuple[Firm, Somebody]] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(verdict.outcome == "refused" for verdict in self.verdicts)


def make(lines: Iterable[Line], by: User) -> Plan:
    """Accounts first: a rule may name one that a later line makes. A refused line makes nothing."""
    return _Planner(list(lines), by).plan()


class _Planner:
    def __init__(self, lines: list[Line], by: User) -> None:
        self.lines, self.by = lines, by
        accounts = [line.asks for line in lines if isinstance(line.asks, AccountLine)]
        self.world: World = load(
            {line.document for line in lines if line.document},
            {each.email for line in accounts for each in line.people},
            {line.document for line in lines if line.what == "mapping" and line.document},
            by,
        )
        self.found = Plan()
        self.lines_of: dict[str, int] = defaultdict(int)
        for line in lines:
            if line.what == "account" and line.document:
                self.lines_of[line.document] += 1
        self.seen: dict[tuple[Any, ...], int] = {}
        self.usual: dict[tuple[str, str], tuple[int, str]] = {}  # by document and register: line and name

    def plan(self) -> Plan:
        verdicts = {}
        for wanted in (True, False):
            for line in self.lines:
                if (line.what == "account") == wanted:
                    verdicts[line.number] = self._judge(line)
        self.found.verdicts = [verdicts[line.number] for line in self.lines]
        return self.found

    def _judge(self, line: Line) -> Verdict:
        known = self.world.companies.get(line.document)
        name = line.typed.get("company", "") or (known.name if known else "")
        verdict = Verdict(line.number, line.what, line.document, name[:200], line.account[:100])
        verdict.problems += line.problems
        if known is not None and known.pk not in self.world.administered:
            verdict.problems.append(Problem("not_administered", "document"))
        if not verdict.problems:
            match line.asks:
                case AccountLine():
                    self._account(line, line.asks, verdict)
                case RuleLine():
                    self._rule(line, line.asks, verdict)
                case MappingLine():
                    self._mapping(line, line.asks, verdict)
        if verdict.problems:
            verdict.outcome, verdict.effects = "refused", []
        return verdict

    # Accounts

    def _account(self, line: Line, asks: AccountLine, verdict: Verdict) -> None:
        firm = self.found.firms.get(line.document) or self._known_firm(line.document)
        if firm is None:
            if not asks.company:
                verdict.problems.append(Problem("missing", "company"))
                return
            firm = Firm(line.document, asks.company, named_at=line.number)
        elif asks.company and firm.named_at and firm.name != asks.company:
            verdict.problems.append(Problem("two_names", "company", {"line": firm.named_at}))
        name = line.account or self._only_name(firm, asks)
        if not name:
            verdict.problems.append(Problem("which_account", "account"))
            return
        books = firm.accounts.get(name.casefold()) or Books(firm, name)
        if books.asked_at:
            verdict.problems.append(Problem("twice", "account", {"line": books.asked_at}))
        self._check_people(asks, verdict)
        self._check_usual(line, firm, asks, verdict)
        if verdict.problems:
            return
        self._take_account(line, asks, verdict, firm, books)

    def _take_account(
        self, line: Line, asks: AccountLine, verdict: Verdict, firm: Firm, books: Books
    ) -> None:
        """Nothing is wrong with the line: note what it does."""
        verdict.company, verdict.account = asks.company or firm.name, books.name
        if firm.row is None and line.document not in self.found.firms:
            verdict.does("company_made", "made")
        elif firm.row is not None and asks.company and firm.name != asks.company:
            verdict.does("company_renamed", "changed", before=firm.name, after=asks.company)
            firm.name, firm.rename = asks.company, True
        if asks.company:
            firm.named_at = firm.named_at or line.number
        self.found.firms[line.document] = firm
        firm.accounts[books.name.casefold()] = books
        books.asked_at = line.number
        if books.row is None:
            verdict.does("account_made", "made", name=books.name)
        self._owner(asks, verdict, books)
        for somebody in asks.people:
            self._role(somebody, firm, verdict)
        for register, name in asks.usual.items():
            if (line.document, register) in self.usual:
                continue
            self.usual[line.document, register] = (line.number, name)
            state = compare.usual(self.world, firm.row, firm.fetched, register, name)
            self._prepare(
                verdict, firm, None, Prepared.Kind.USUAL, register, {"name": name}, state, name=name
            )

    def _known_firm(self, document: str) -> Firm | None:
        row = self.world.companies.get(document)
        if row is None:
            return None
        firm = Firm(document, row.name, row)
        for connection in self.world.connections[row.pk]:
            firm.accounts[connection.name.casefold()] = Books(firm, connection.name, connection)
        return firm

    def _only_name(self, firm: Firm, asks: AccountLine) -> str:
        """The account that a line without its name means: the only one, or one called as the company."""
        if self.lines_of[firm.document] > 1:
            return ""
        if len(firm.accounts) == 1:
            return next(iter(firm.accounts.values())).name
        return "" if firm.accounts else (asks.company or firm.name)[:100]

    def _owner(self, asks: AccountLine, verdict: Verdict, books: Books) -> None:
        now = (books.row.owner_name, books.row.owner_email) if books.row else ("", "")
        wanted = (asks.owner_name or now[0], asks.owner_email or now[1])
        if wanted != now:
            books.owner = wanted
            verdict.does("owner", "changed", name=wanted[0] or wanted[1])

    def _check_people(self, asks: AccountLine, verdict: Verdict) -> None:
        for somebody in asks.people:
            user = self.world.users.get(somebody.email)
            if user is not None and not user.is_active:
                figures = {"email": somebody.email}
                verdict.problems.append(Problem("person_inactive", f"{somebody.role}s", figures))

    def _role(self, somebody: Somebody, firm: Firm, verdict: Verdict) -> None:
        user = self.world.users.get(somebody.email)
        held = firm.row is not None and user is not None
        if held and (user.pk, firm.row.pk, somebody.role) in self.world.memberships:  # type: ignore[union-attr]
            return
        if firm.row is None and user == self.by and somebody.role == Role.ADMINISTRATOR:
            return  # whoever makes a company administers it
        self.found.roles.append((firm, somebody))
        verdict.does("role", "changed", email=somebody.email, role=somebody.role)

    def _check_usual(self, line: Line, firm: Firm, asks: AccountLine, verdict: Verdict) -> None:
        """A company has one of each: lines of several accounts may say it again, not otherwise."""
        for register, name in asks.usual.items():
            column = compare.USUAL_COLUMNS[register]
            first, said = self.usual.get((line.document, register), (line.number, name))
            if normalised(said) != normalised(name):
                verdict.problems.append(Problem("two_usual", column, {"line": first}))
            state = compare.usual(self.world, firm.row, firm.fetched, register, name)
            if state.problem:
                verdict.problems.append(Problem(state.problem, column, {"name": name}))

    # Rules and mappings

    def _rule(self, line: Line, asks: RuleLine, verdict: Verdict) -> None:
        firm, books = self._whose(line, verdict, may_be_none=bool(asks.refusal))
        if firm is None or verdict.problems:
            return
        verdict.company, verdict.account = firm.name, books.name if books else ""
        key = DEFAULT_KEY if asks.order == 0 else asks.name
        for column, what in (
            ("name", ("rule", line.document, key)),
            ("order", ("order", line.document, asks.order)),
        ):
            first = self.seen.setdefault(what, line.number)
            if first != line.number:
                verdict.problems.append(Problem("twice", column, {"line": first}))
                return
        state = compare.rule(self.world, firm.row, firm.fetched, books.row if books else None, key, asks)
        if state.problem:
            verdict.problems.append(Problem(state.problem, state.column, {"name": state.name}))
            return
        code = "default" if asks.order == 0 else "rule"
        self._prepare(
            verdict, firm, books, Prepared.Kind.RULE, key, asks.content, state, code=code, name=asks.name
        )

    def _mapping(self, line: Line, asks: MappingLine, verdict: Verdict) -> None:
        firm, books = self._whose(line, verdict)
        if firm is None or books is None or verdict.problems:
            return
        verdict.company, verdict.account = firm.name, books.name
        first = self.seen.setdefault(
            ("map", line.document, books.name, asks.register, asks.here), line.number
        )
        if first != line.number:
            verdict.problems.append(Problem("twice", "here", {"line": first}))
            return
        state = compare.mapping(self.world, firm.row, firm.fetched, books.row, asks)
        if state.problem:
            verdict.problems.append(Problem(state.problem, state.column, {"name": state.name}))
            return
        content = {"register": asks.register, "here": asks.here, "there": asks.there}
        key = f"{asks.register}:{books.name.casefold()}:{asks.here.casefold()}"
        self._prepare(
            verdict, firm, books, Prepared.Kind.MAPPING, key, content, state, here=asks.here, there=asks.there
        )

    def _whose(
        self, line: Line, verdict: Verdict, *, may_be_none: bool = False
    ) -> tuple[Firm | None, Books | None]:
        firm = self.found.firms.get(line.document) or self._known_firm(line.document)
        if firm is None:
            verdict.problems.append(Problem("company_unknown", "document"))
            return None, None
        self.found.firms[line.document] = firm
        if may_be_none:
            return firm, None
        if line.account:
            books = firm.accounts.get(line.account.casefold())
            if books is None:
                verdict.problems.append(Problem("account_unknown", "account"))
            return firm, books
        if len(firm.accounts) == 1:
            return firm, next(iter(firm.accounts.values()))
        verdict.problems.append(Problem("which_account", "account"))
        return firm, None

    def _prepare(
        self,
        verdict: Verdict,
        firm: Firm,
        books: Books | None,
        kind: Prepared.Kind,
        key: str,
        content: dict[str, Any],
        state: compare.State,
        *,
        code: str = "",
        **figures: Any,
    ) -> None:
        code = code or kind.value
        if state.stands:
            return
        if state.waits:
            code += "_waits"
        if state.asked:
            verdict.effects.append((code, figures))  # nothing new: it waits already
            return
        # A usual value is the company's, which its line may have found here: something of it changes.
        new = not state.exists and kind != Prepared.Kind.USUAL
        verdict.does(code, "made" if new else "changed", **figures)
        self.found.settings.append(Setting(firm, books, kind, key, content))
