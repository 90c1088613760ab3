"""Creates that surely did nothing: they wait, or a person is asked, and then they stand there, once."""

import datetime as dt
import email.utils
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from integration.posting.edge import Edge, Strike, instead
from integration.posting.pairs import PATHS, check_books, creates, fresh, one_of_each, states, told
from stories import Account, come_due, post

from alcada.connections import authorisation, directory_sync, rate, remote, standing
from alcada.connections.models import Connection
from alcada.posting import mending
from alcada.posting.models import Posting, State
from conta_azul import Timeouts

HASTY = Timeouts(connect=0.5, read=30.0, write=15.0, pool=60.0)
Away = Callable[[Path], AbstractContextManager[str]]


# --- Conta Azul can't be reached ------------------------------------------------------------------------------------


@contextmanager
def nobody_listens(_: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def no_such_name(_: Path) -> Iterator[str]:
    yield "http://conta-azul.invalid"  # RFC 6761: never exists


@contextmanager
def no_answer_to_connecting(_: Path) -> Iterator[str]:
    """A queue of connections that is full: what comes next hears nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _turn in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"
        for one in waiting:
            one.close()


@contextmanager
def answered_by(greet: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that greets each connection so; the address asks for TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with suppress(OSError), connection:
                        connection.settimeout(5)
                        greet(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def no_tls_spoken(_: Path) -> AbstractContextManager[str]:
    def greet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    return answered_by(greet)


def hung_up_in_the_handshake(_: Path) -> AbstractContextManager[str]:
    return answered_by(lambda connection: connection.recv(5) and None)


def a_certificate_that_nobody_vouches_for(directory: Path) -> AbstractContextManager[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(directory))

    def greet(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)

    return answered_by(greet)


def certificate(directory: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = directory / "server.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(pem, *form) + signed.public_bytes(pem))
    return path


AWAY: list[Away] = [
    nobody_listens,
    no_such_name,
    no_answer_to_connecting,
    no_tls_spoken,
    hung_up_in_the_handshake,
    a_certificate_that_nobody_vouches_for,
]


def test_what_never_left_goes_later(
    account: Account,
    sandbox: Any,
    settings: Any,
    ana: Any,
    bruno: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "TIMEOUTS", HASTY)
    all_ = one_of_each(account, ana=ana, bruno=bruno, number="NF 1")
    post(account)
    for away in AWAY:
        name = away.__name__
        pair = one_of_each(account, ana=ana, bruno=bruno, number=f"NF {name}")
        before = timezone.now()
        with away(tmp_path) as settings.CONTA_AZUL_API_URL:
            post(account)
        assert states(pair) == [(State.QUEUED, "not_sent")] * 2, name
        for posting in pair:
            assert creates(posting) == [("not_sent", None)], name
            again = fresh(posting).next_try_at
            assert again is not None
            assert (again - before).total_seconds() > 25, name  # not at once: it would fail again
        assert Connection.objects.get().unreached_since is not None, name
        settings.CONTA_AZUL_API_URL = sandbox.url
        check_books(account, sandbox, *all_)
        come_due(account)
        post(account)
        all_ += pair
        assert states(pair) == [(State.POSTED, "")] * 2, name
        assert Connection.objects.get().unreached_since is None, name
        for posting in pair:
            assert creates(posting) == [("not_sent", None), ("posted", 201)], name
            assert told(posting) == ["intended", *["attempted", "outcome"] * 2, "posted"], name
    check_books(account, sandbox, *all_)


# --- Too many requests ----------------------------------------------------------------------------------------------

HTML = (b"<html>Too many</html>", "Content-Type: text/html")


def in_a_minute() -> str:
    return email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60), usegmt=True)


# What Conta Azul says, and within which seconds the next try comes. Without a time that can be meant ours: 60 to 75.
BUSY: dict[str, tuple[Callable[[], Strike], tuple[float, float]]] = {
    "a time": (lambda: instead("429 Too Many Requests", b"{}", "Retry-After: 40", applied=False), (38, 42)),
    "none": (lambda: instead("429 Too Many Requests", b"{}", applied=False), (55, 62)),
    "none, no body": (lambda: instead("429 Too Many Requests", applied=False), (55, 62)),
    "none, HTML": (lambda: instead("429 Too Many Requests", *HTML, applied=False), (55, 62)),
    "an odd body": (
        lambda: instead("429 Busy", b'{"id": "1f1c"', "Retry-After: 40", applied=False),
        (38, 42),
    ),
    "what no database takes": (  # NUL, half a surrogate pair
        lambda: instead("429 Busy", b'{"message": "a\\u0000b \\ud83d"}', "Retry-After: 40", applied=False),
        (38, 42),
    ),
    "an id in the body": (
        lambda: instead("429 Busy", b'{"id": "1f1c"}', "Retry-After: 40", applied=False),
        (38, 42),
    ),
    "a date": (
        lambda: instead("429 Too Many Requests", b"", f"Retry-After: {in_a_minute()}", applied=False),
        (50, 61),
    ),
    "a date gone by": (
        lambda: instead("429 Busy", b"", "Retry-After: Tue, 24 Nov 2020 12:00:00 GMT", applied=False),
        (0, 2),
    ),
    "zero": (lambda: instead("429 Busy", b"", "Retry-After: 0", applied=False), (0.5, 2)),
    "less than nothing": (lambda: instead("429 Busy", b"", "Retry-After: -30", applied=False), (0.5, 2)),
    "more than a day": (lambda: instead("429 Busy", b"", "Retry-After: 1e12", applied=False), (55, 62)),
    "words": (lambda: instead("429 Busy", b"", "Retry-After: soon", applied=False), (55, 62)),
    "twice": (lambda: instead("429 Busy", b"", "Retry-After: 1", "Retry-After: 2", applied=False), (55, 62)),
    "no number": (lambda: instead("429 Busy", b"", "Retry-After: nan", applied=False), (55, 62)),
}


def test_too_many_requests_waits_as_long_as_asked_or_as_makes_sense(
    account: Account, edge: Edge, sandbox: Any, ana: Any, bruno: Any
) -> None:
    all_ = one_of_each(account, ana=ana, bruno=bruno, number="NF 1")
    post(account)
    for name, (strike, (least, most)) in BUSY.items():
        pair = one_of_each(account, ana=ana, bruno=bruno, number=f"NF {name}")
        for path in PATHS.values():
            edge.strike("POST", path, strike(), count=3)
        standing.forget()
        before = timezone.now()
        post(account)
        after = timezone.now()
        assert states(pair) == [(State.QUEUED, "too_many_requests")] * 2, name
        for posting in pair:
            assert creates(posting) == [("not_sent", 429)], name  # not again and again
            again = fresh(posting).next_try_at
            assert again is not None
            assert least <= (again - before).total_seconds(), name
            assert (again - after).total_seconds() <= most, name
        check_books(account, sandbox, *all_)
        edge.calm()
        come_due(account)
        post(account)
        all_ += pair
        assert states(pair) == [(State.POSTED, "")] * 2, name
    check_books(account, sandbox, *all_)


def test_a_limit_hit_slows_all_calls_of_the_account_at_least_for_a_second(
    account: Account, edge: Edge, settings: Any, ana: Any, bruno: Any
) -> None:
    one_of_each(account, ana=ana, bruno=bruno)
    for path in PATHS.values():
        edge.strike("POST", path, instead("429 Busy", b"", "Retry-After: 0", applied=False))
    post(account)
    settings.POSTING = settings.POSTING | {"calls_per_second": 10}
    assert rate.reserve(account.pk) > 0.3


# --- Refused, or something is gone ----------------------------------------------------------------------------------

REFUSALS = {
    "400": instead("400 Bad Request", b'{"message": "A conta n\xc3\xa3o aceita isto."}', applied=False),
    "403": instead("403 Forbidden", b'{"message": "A conta n\xc3\xa3o aceita isto."}', applied=False),
    "404": instead("404 Not Found", b'{"message": "A conta n\xc3\xa3o aceita isto."}', applied=False),
    "409": instead("409 Conflict", b'{"error": "A conta n\xc3\xa3o aceita isto."}', applied=False),
    "422": instead("422 Unprocessable", b'{"error": "A conta n\xc3\xa3o aceita isto."}', applied=False),
}


def test_a_refusal_is_told_in_their_words_and_never_repeated_by_itself(
    account: Account, edge: Edge, sandbox: Any, ana: Any, bruno: Any
) -> None:
    all_ = []
    for status, strike in REFUSALS.items():
        pair = one_of_each(account, ana=ana, bruno=bruno, number=f"NF {status}")
        for path in PATHS.values():
            edge.strike("POST", path, strike)
        post(account)
        come_due(account)
        post(account)
        assert states(pair) == [(State.REFUSED, "refused")] * 2, status
        check_books(account, sandbox, *all_)
        for posting in pair:
            assert "A conta não aceita isto." in fresh(posting).detail, status
            assert creates(posting) == [("refused", int(status))], status
            mending.post_again(posting.pk, by=bruno)
        post(account)
        all_ += pair
        assert states(pair) == [(State.POSTED, "")] * 2, status
        again = ["queued_again", "attempted", "outcome", "posted"]
        assert told(pair[0]) == ["intended", "attempted", "outcome", "refused", *again], status
    check_books(account, sandbox, *all_)


@pytest.mark.parametrize("noticed", [False, True], ids=["nobody here knew", "noticed here"])
@pytest.mark.parametrize("thing", ["category", "account"])
def test_what_was_deactivated_since_approval_goes_to_a_person(
    account: Account, sandbox: Any, ana: Any, bruno: Any, thing: str, noticed: bool
) -> None:
    pair = one_of_each(account, ana=ana, bruno=bruno)
    field = {"category": "category", "account": "bank_account"}[thing]
    ours = [
        posting.content["splits"][0]["category"] if thing == "category" else posting.content["bank_account"]
        for posting in pair
    ]
    rows = account.connection.counterparts.filter(**{f"{field}__in": [one["id"] for one in ours]})
    theirs = set(rows.values_list("remote_id", flat=True))
    for one in theirs:
        sandbox.act(account.remote["id"], "deactivate", **{thing: one})
    if noticed:
        directory_sync.fetch(account.pk)
    post(account)
    come_due(account)
    post(account)
    assert states(pair) == [(State.REFUSED, f"{field}_gone" if noticed else "refused")] * 2
    assert [creates(posting) for posting in pair] == ([[], []] if noticed else [[("refused", 400)]] * 2)
    check_books(account, sandbox)
    for one in theirs:
        sandbox.act(account.remote["id"], "activate", **{thing: one})
    directory_sync.fetch(account.pk)
    for posting in Posting.objects.filter(
        state=State.REFUSED
    ):  # a question that is settled lets them go on by itself
        mending.post_again(posting.pk, by=bruno)
    post(account)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *pair)


# --- The connection -------------------------------------------------------------------------------------------------


def authorise(account: Account, sandbox: Any, by: Any) -> None:
    address = authorisation.begin(by=by, connection=account.connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    authorisation.finish(by=by, state=state, code=sandbox.codes(account.remote["id"])["code"])


@pytest.mark.parametrize("known", [False, True], ids=["new vendor", "known vendor"])
@pytest.mark.parametrize("how", ["token revoked", "refresh answer lost", "plan refused"])
def test_a_connection_that_is_out_of_use_keeps_its_postings_until_it_is_mended(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, how: str, known: bool
) -> None:
    company, before = account.remote["id"], []
    if known:
        before = one_of_each(account, ana=ana, bruno=bruno, number="NF 1")
        post(account)
    pair = one_of_each(account, ana=ana, bruno=bruno)
    if how == "refresh answer lost":
        Connection.objects.update(access_expires_at=timezone.now())
        sandbox.faults({"kind": "lost_refresh", "count": 1})
    else:
        sandbox.act(company, "disconnect" if how == "token revoked" else "block_plan")
    post(account)
    come_due(account)
    post(account)
    assert {state for state, _ in states(pair)} == {State.QUEUED}
    assert Connection.objects.get().state == ("plan_refused" if how == "plan refused" else "authorise")
    begun = {"token revoked": [("connection", None)], "plan refused": [("connection", 403)]}.get(how, [])
    assert [creates(posting) for posting in pair] == [begun if known else []] * 2
    check_books(account, sandbox, *before)
    if how == "plan refused":
        sandbox.act(company, "unblock_plan")
        directory_sync.fetch(account.pk)  # the next good call: within the hour, by itself
    else:
        authorise(account, sandbox, clara)
    post(account)
    assert states(pair) == [(State.POSTED, "")] * 2
    assert [creates(posting)[-1] for posting in pair] == [("posted", 201)] * 2
    check_books(account, sandbox, *before, *pair)
