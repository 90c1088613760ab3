"""`alcada bench pages`: server time of pages over many entries, for who sees all and who sees little."""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alcada.config import database

if TYPE_CHECKING:
    from django.test import Client

    from alcada.people.models import User

LIMIT_MS: Final = 150.0
WARM: Final = 3  # requests before the measuring: templates compiled, what is hot in memory


@dataclass(frozen=True)
class Page:
    """A page to ask for; `address` is drawn anew for each request."""

    name: str
    address: Callable[[], str]


def run(*, entries: int, companies: int, requests: int, without: list[str], keep: str, as_json: bool) -> int:
    """Makes the data, asks for each page many times, prints p50 and p95. 0 if no page's p95 is above the limit."""
    with _home(keep) as home:
        os.environ.pop("DATABASE_URL", None)  # never another's database
        os.environ |= {"ALCADA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "alcada.config.settings"}
        os.environ.setdefault("ALCADA_LOG_LEVEL", "CRITICAL")
        try:
            report = _measured(entries, companies, requests, frozenset(without))
        finally:
            database.stop()
    print(json.dumps(report, indent=None if as_json else 2))
    return 0 if report["ok"] else 1


@contextmanager
def _home(keep: str) -> Iterator[Path]:
    """A folder that goes again; or the one named, whose data a second run only measures."""
    if keep:
        folder = Path(keep).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="alcada-bench-") as made:
        yield Path(made)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _measured(entries: int, companies: int, requests: int, without: frozenset[str]) -> dict[str, Any]:
    database.ensure_running()
    import alcada.config.wsgi  # noqa: F401  (sets up what the web process does)
    from alcada.config.bench import pages_data
    from alcada.config.start import prepare_database
    from alcada.intake.models import Entry

    prepare_database(_say)
    began = time.monotonic()
    if not Entry.objects.exists():
        pages_data.make(entries, companies, _say)
    made = time.monotonic() - began
    rows = [row for viewer in _viewers() for row in _pages_of(*viewer, requests, without)]
    worst = max(row["p95_ms"] for row in rows)
    return {
        "entries": Entry.objects.count(),
        "companies": companies,
        "made_in_s": round(made, 1),
        "pages": rows,
        "worst_p95_ms": worst,
        "without": sorted(without),
        "limit_ms": LIMIT_MS,
        "ok": worst <= LIMIT_MS,
    }


def _viewers() -> list[tuple[str, "User", list[Page]]]:
    from alcada.people.models import Role, User

    bureau = User.objects.get(email="bureau@bench.example")
    requester = User.objects.filter(memberships__role=Role.REQUESTER).order_by("pk").first()
    approver = User.objects.filter(memberships__role=Role.APPROVER).order_by("pk").first()
    assert requester
    assert approver
    return [
        ("bureau", bureau, _pages(bureau)),
        ("requester", requester, _pages(requester)),
        ("approver", approver, _pages(approver)),
    ]


def _pages(user: "User") -> list[Page]:
    """The pages, and the searches that people make; what is searched for is taken from the data itself."""
    from django.utils import timezone

    from alcada.flow import listing
    from alcada.people.scopes import scope_of

    source = random.Random(f"pages {user.pk}")  # noqa: S311  (repeatable on purpose)
    found = listing.find(scope_of(user), {})
    last = found.order_by("-pk").values_list("pk", flat=True).first() or 1
    keys = [source.randrange(1, last + 1) for _ in range(2000)]
    mine = found.filter(current__isnull=False).select_related("current")
    some = list(mine.filter(pk__in=keys)[:200]) or list(mine[:200])

    def revision() -> Any:
        return source.choice(some).current

    def of(name: str, **values: Callable[[], object]) -> Page:
        from urllib.parse import urlencode

        return Page(name, lambda: "/entries?" + urlencode({key: value() for key, value in values.items()}))

    month = timezone.localdate().strftime("%m/%Y")
    return [
        Page("home", lambda: "/"),
        Page("inbox", lambda: "/inbox"),
        Page("entries", lambda: "/entries"),
        of("entries, a page deep inside", after=lambda: source.choice(keys)),
        Page("entry", lambda: f"/entries/{source.choice(some).pk}"),
        of("search: a word", q=lambda: revision().party_name.split()[0]),
        of("search: a name", q=lambda: revision().party_name),
        of("search: part of a description", q=lambda: " ".join(revision().description.split()[:2])),
        of("search: a document number", q=lambda: revision().document_number),
        of("search: a value", q=lambda: str(revision().amount).replace(".", ",")),
        of("search: a range of values", q=lambda: f"{source.randrange(100, 900)}..{source.randrange(1000, 2000)}"),
        of("search: a CNPJ", q=lambda: revision().party_document),
        of("search: an entry's number", q=lambda: f"#{source.choice(some).number}"),
        of("search: nothing has it", q=lambda: f"xyzzy{source.randrange(10**6)}"),
        *(
            of(f"filter: {state}", state=lambda state=state: state)  # type: ignore[misc]
            for state in ("draft", "round.open", "posting.refused", "posting.posted", "round.rejected", "discarded")
        ),
        of("filter: due this month", **{"from": lambda: f"01/{month}", "until": lambda: f"28/{month}"}),
        of("filter: competence month", month=lambda: month),
        *_own(of, source),
        of("filter: a word, posted", q=lambda: revision().party_name.split()[0], state=lambda: "posting.posted"),
        *(of(f"sorted: {sort}", sort=lambda sort=sort: sort) for sort in ("due", "-value", "name")),  # type: ignore[misc]
        of("sorted by due, one word", sort=lambda: "due", q=lambda: revision().party_name.split()[0]),
        Page("totals", lambda: "/entries/totals"),
        of("totals of a word", totals=lambda: "1", q=lambda: revision().party_name.split()[0]),
        Page("postings", lambda: "/postings"),
        Page("directory", lambda: "/directory"),
    ]  # fmt: skip


def _own(of: Callable[..., Page], source: random.Random) -> list[Page]:
    """Filters by the large company's own fields: a choice, a word, ranges that few and that many are in."""
    from alcada.intake.models import CustomField

    own = {field.name: f"own_{field.pk}" for field in CustomField.objects.all()}
    if not own:  # data of before there were any
        return []
    shop, site, hours = own["Loja"], own["Obra"], own["Horas"]
    some = source.randrange(100, 90_000)
    return [
        of("own field: a choice", **{shop: lambda: source.choice(["Centro", "Praia", "Serra", "Norte"])}),
        of("own field: a word", **{site: lambda: source.choice(["Aurora", "Silva", "Bom Jesus"])}),
        of("own field: nothing has it", **{site: lambda: f"xyzzy{source.randrange(10**6)}"}),
        of("own field: from, until", **{f"{hours}_from": lambda: some, f"{hours}_until": lambda: some + 50}),
        of("own field: from", **{f"{hours}_from": lambda: source.randrange(1000)}),
    ]


def _pages_of(
    viewer: str, user: "User", pages: list[Page], requests: int, without: frozenset[str]
) -> Iterator[dict[str, Any]]:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    for page in pages:
        if page.name in without:
            continue
        for _ in range(WARM):
            _once(client, page.address())
        taken, status = [], 200
        for _ in range(requests):
            took, status = _once(client, page.address())
            taken.append(took)
        if status == 403:
            continue  # no page of this viewer's
        taken.sort()
        row = {
            "page": page.name,
            "viewer": viewer,
            "p50_ms": round(taken[len(taken) // 2], 1),
            "p95_ms": round(taken[min(int(len(taken) * 0.95), len(taken) - 1)], 1),
            "status": status,
        }
        _say(f"{viewer:10} {page.name:32} p50 {row['p50_ms']:7} p95 {row['p95_ms']:7} {status}")
        yield row


def _once(client: "Client", address: str) -> tuple[float, int]:
    began = time.perf_counter()
    answer = client.get(address)
    return (time.perf_counter() - began) * 1000, answer.status_code
