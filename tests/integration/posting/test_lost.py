"""Workers that are killed and databases that go away, at every point: once in the books, and none lost."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection as database
from django.db.models.functions import Now
from django.utils import timezone
from integration.posting.edge import Edge, InHand
from integration.posting.pairs import (
    PATHS,
    Pair,
    check_books,
    creates,
    fresh,
    look,
    looks,
    one_of_each,
    states,
    told,
)
from integration.posting.zygote import Zygote
from running import database_url, environment
from stories import Account, books, come_due, post

from alcada.connections.models import Connection, Lease
from alcada.posting import actions
from alcada.posting.models import Attempt, Posting, State

PEOPLE, CENTRES = "/v1/pessoas", "/v1/centro-de-custo"


# --- Killed workers -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zygotes() -> Iterator[dict[str, Zygote]]:
    """One for the whole file: it is told of the test's database when that exists."""
    made: dict[str, Zygote] = {}
    yield made
    for zygote in made.values():
        zygote.__exit__()


class Worker:
    """A worker process, and the calls in which it is killed."""

    def __init__(self, zygote: Zygote, account: Account, api: str) -> None:
        self.pid = zygote.post(account.pk, api)
        self.dead = threading.Event()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while _lives(self.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.dead.set()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


Life = Callable[[str, str, Callable[[InHand, "Worker"], None]], None]


@pytest.fixture
def life(account: Account, edge: Edge, sandbox: Any, zygotes: dict[str, Zygote]) -> Life:
    """A worker posts until the first call of this method and path, in which it dies."""
    if not zygotes:
        zygotes["one"] = Zygote(environment(sandbox))

    def live(method: str, path: str, die: Callable[[InHand, Worker], None]) -> None:
        born, worker = threading.Event(), []

        def strike(call: InHand) -> None:
            assert born.wait(20)
            die(call, worker[0])

        edge.strike(method, path, strike)
        worker.append(Worker(zygotes["one"], account, edge.url))
        born.set()
        assert worker[0].dead.wait(30), "it was never killed"
        edge.calm()

    return live


def before_it_leaves(call: InHand, worker: Worker) -> None:
    """The attempt is committed, and nothing of it gets through."""
    worker.kill()


def after_it_left(call: InHand, worker: Worker) -> None:
    call.forward()
    worker.kill()


def after_the_answer(call: InHand, worker: Worker) -> None:
    """It has the answer in hand and can't write it down: somebody holds the posting's row."""
    with server() as other, other.transaction():
        other.execute("SELECT id FROM posting_posting FOR UPDATE")
        call.say(call.pass_on())
        deadline = time.monotonic() + 20
        while not other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert time.monotonic() < deadline, "it never tried to write"
            time.sleep(0.02)
        worker.kill()


def server(name: str = "") -> psycopg.Connection[Any]:
    """A connection of our own to the test's server."""
    return psycopg.connect(database_url(name), autocommit=True)


def claims_run_out() -> None:
    """Two minutes later."""
    Posting.objects.filter(state=State.SENDING).update(claim_until=Now() - timezone.timedelta(seconds=1))
    Lease.objects.update(until=Now() - timezone.timedelta(seconds=1))
    actions.expire_claims()


def go_on(account: Account, pair: Pair) -> None:
    """What other workers do in the time that follows."""
    for _ in range(3):
        claims_run_out()
        look([posting for posting in pair if fresh(posting).state == State.UNKNOWN])
        come_due(account)
        post(account)


KILLED: dict[str, tuple[str, str, Any, list[tuple[str, int | None]]]] = {
    # where: the call, how, and what becomes of the creates of the posting that it died with
    "looking for the vendor": ("GET", PEOPLE, before_it_leaves, [("posted", 201)]),
    "looking for the cost centre": ("GET", CENTRES, before_it_leaves, [("posted", 201)]),
    "the vendor was created": ("POST", PEOPLE, after_it_left, [("posted", 201)]),
    "the cost centre was created": ("POST", CENTRES, after_it_left, [("posted", 201)]),
    "the payable had left": ("POST", PATHS["payable"], after_it_left, [("unknown", None)]),
    "the receivable had left": ("POST", PATHS["receivable"], after_it_left, [("unknown", None)]),
    "the payable was answered": ("POST", PATHS["payable"], after_the_answer, [("unknown", None)]),
    "the receivable was answered": ("POST", PATHS["receivable"], after_the_answer, [("unknown", None)]),
}


PLACES = [(where, False) for where in KILLED]
PLACES += [
    (where, True) for where, (_, path, *_) in KILLED.items() if path in PATHS.values()
]  # nothing is made first


@pytest.mark.parametrize(("where", "known"), PLACES, ids=[f"{w}{', known' if k else ''}" for w, k in PLACES])
def test_a_worker_is_killed_and_another_goes_on(
    account: Account, sandbox: Any, life: Life, ana: Any, bruno: Any, where: str, known: bool
) -> None:
    method, path, die, ended = KILLED[where]
    before = one_of_each(account, ana=ana, bruno=bruno, number="NF 1") if known else []
    post(account)
    pair = one_of_each(account, ana=ana, bruno=bruno)
    life(method, path, die)
    assert State.SENDING in {state for state, _ in states(pair)}
    go_on(account, pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *before, *pair)
    struck = [p for p in pair if PATHS[p.kind] == path] or pair
    for posting in struck:
        assert creates(posting) == ended
        assert looks(posting) == (["found"] if ended == [("unknown", None)] else [])
    there = books(sandbox, account.connection.company.document)
    assert len([p for p in there["people"] if p["nome"] == "Papelaria Aurora Ltda"]) == 1
    assert len([c for c in there["cost_centres"] if c["nome"] == "Administração"]) == 1
    assert not Attempt.objects.filter(finished_at=None).exists()
    assert not Lease.objects.exists()


@pytest.mark.parametrize("kind", PATHS)
def test_a_worker_killed_before_its_create_got_through_is_never_believed_to_have_sent_nothing(
    account: Account, sandbox: Any, settings: Any, life: Life, ana: Any, bruno: Any, kind: str
) -> None:
    pair = one_of_each(account, ana=ana, bruno=bruno)
    life("POST", PATHS[kind], before_it_leaves)
    go_on(account, pair)
    (struck,) = [posting for posting in pair if posting.kind == kind]
    (other,) = [posting for posting in pair if posting.kind != kind]
    assert states([struck, other]) == [(State.UNKNOWN, "worker_lost"), (State.POSTED, "")]
    check_books(account, sandbox, other)
    settings.POSTING = settings.POSTING | {"absence_evidence": 0, "absence_span_s": 0.0}
    go_on(account, pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *pair)
    assert creates(struck) == [("unknown", None), ("posted", 201)]
    once = ["attempted", "outcome"]
    assert told(struck) == ["intended", *once, "unknown", "queued_again", *once, "posted"]


@pytest.mark.parametrize("path", [PEOPLE, CENTRES], ids=["vendor", "cost centre"])
def test_a_worker_killed_before_a_vendor_or_cost_centre_got_through_leaves_it_to_be_looked_for(
    account: Account, sandbox: Any, settings: Any, life: Life, ana: Any, bruno: Any, path: str
) -> None:
    """It may be there: none is made a second time before its absence may be believed, and then exactly one is."""
    pair = one_of_each(account, ana=ana, bruno=bruno)
    life("POST", path, before_it_leaves)
    go_on(account, pair)
    come_due(account, looks=False)
    post(account)
    reason = "person_unknown" if path == PEOPLE else "cost_centre_unknown"
    assert states(pair) == [(State.QUEUED, reason)] * 2
    check_books(account, sandbox)
    settings.POSTING = settings.POSTING | {"absence_evidence": 0, "absence_span_s": 0.0}
    go_on(account, pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *pair)


# --- A database that goes away --------------------------------------------------------------------------------------


@contextlib.contextmanager
def database_away(seconds: float) -> Iterator[None]:
    """Nobody gets a connection to it, and whoever has one loses it, but for the test itself. Back by itself."""
    name = database.settings_dict["NAME"]

    def allow(whether: bool) -> None:
        with server("postgres") as other:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {whether}')  # type: ignore[call-overload]
            if not whether:
                gone = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
                )
                other.execute(gone, [name, MINE["pid"]])

    allow(False)
    timer = threading.Timer(seconds, allow, [True])
    timer.start()
    BACK.append(timer)
    yield


MINE: dict[str, int] = {}
BACK: list[threading.Timer] = []


@pytest.fixture
def our_own(account: Account) -> Iterator[None]:
    """Which connection is the test's own; and the database is back at the end, come what may."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        MINE["pid"] = cursor.fetchone()[0]
    yield
    for timer in BACK:
        timer.join()
    BACK.clear()


def away_with_the_answer(call: InHand) -> None:
    """The answer comes, and there is no database to write it to."""
    raw = call.pass_on()
    with database_away(1.5):
        call.say(raw)


@pytest.mark.parametrize("known", [False, True], ids=["new vendor", "known vendor"])
@pytest.mark.parametrize("kind", PATHS)
def test_the_database_is_lost_between_attempt_and_record(
    account: Account, edge: Edge, sandbox: Any, our_own: None, ana: Any, bruno: Any, kind: str, known: bool
) -> None:
    """What the answer told is kept until it can be written: no doubt is made of it."""
    before = one_of_each(account, ana=ana, bruno=bruno, number="NF 1") if known else []
    post(account)
    pair = one_of_each(account, ana=ana, bruno=bruno)
    if not known:  # alone: another, in the middle of its preparation, would go on when its claim has run out
        Posting.objects.exclude(kind=kind).update(next_try_at=timezone.now() + timezone.timedelta(hours=1))
    edge.strike("POST", PATHS[kind], away_with_the_answer)
    post(account)
    (struck,) = [posting for posting in pair if posting.kind == kind]
    assert states([struck]) == [(State.POSTED, "")]
    assert creates(struck) == [("posted", 201)]
    assert told(struck) == ["intended", "attempted", "outcome", "posted"]
    go_on(account, pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *before, *pair)


@pytest.mark.parametrize("path", [PEOPLE, CENTRES], ids=["vendor", "cost centre"])
def test_the_database_is_lost_while_a_vendor_or_cost_centre_is_created(
    account: Account, edge: Edge, sandbox: Any, our_own: None, ana: Any, bruno: Any, path: str
) -> None:
    sandbox.settings(search_lag=3600)  # it could not be found again
    edge.strike("POST", path, away_with_the_answer)
    pair = one_of_each(account, ana=ana, bruno=bruno)
    Posting.objects.filter(kind="receivable").update(next_try_at=timezone.now() + timezone.timedelta(hours=1))
    post(account)
    assert states(pair)[0] == (State.POSTED, "")
    check_books(account, sandbox, pair[0])
    made = Attempt.objects.filter(kind__in=[Attempt.Kind.PERSON, Attempt.Kind.COST_CENTRE])
    assert list(made.values_list("outcome", flat=True)) == ["posted"] * 2


def test_the_database_is_lost_while_a_token_is_refreshed(
    account: Account, edge: Edge, sandbox: Any, settings: Any, our_own: None, ana: Any, bruno: Any
) -> None:
    """The old pair is spent, and the new one is only in the worker's hand."""
    settings.CONTA_AZUL_TOKEN_URL = f"{edge.url}/oauth2/token"
    edge.strike("POST", "/oauth2/token", away_with_the_answer)
    Connection.objects.update(access_expires_at=timezone.now())
    pair = one_of_each(account, ana=ana, bruno=bruno)
    post(account)
    come_due(account)
    post(account)
    assert Connection.objects.get().state == "connected"
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *pair)
    assert len(sandbox.calls(path="/oauth2/token")) == 2  # the consent's, and one refresh
