"""What really happens on a socket: which failures surely sent nothing, and which may have sent everything."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from client_cast import EVENT, TOKEN, an_entry

from conta_azul import AsyncClient, Client, MayHaveArrived, NotSent, Timeouts
from conta_azul.calls import entries

CREATE = entries.create_payable(an_entry())
QUICK = Timeouts(connect=2, read=0.2, write=2, pool=0.2)
Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def a_server(behave: Behaviour, *, connections: int = 1) -> Iterator[str]:
    """A server on a free port that treats each connection as told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            for _ in range(connections):
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(5)
                        behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join(timeout=10)


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def hang_up_at_once(connection: socket.socket) -> None:
    connection.recv(1)


def stay_silent(connection: socket.socket) -> None:
    read_request(connection)
    with contextlib.suppress(OSError):
        connection.recv(1)  # until the client has given up


def send_half(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"id": "')


def send_half_a_refusal(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{"mess')


def talk_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def send_bad_gzip(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


def answer_well(connection: socket.socket) -> None:
    read_request(connection)
    body = f'{{"id": "{EVENT}"}}'.encode()
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def answer_well_then_hang_up_on_the_next(connection: socket.socket) -> None:
    answer_well(connection)
    read_request(connection)


STRIKES: list[Behaviour] = [
    hang_up,
    hang_up_at_once,
    stay_silent,
    send_half,
    send_half_a_refusal,
    talk_nonsense,
    send_bad_gzip,
]


@pytest.mark.parametrize("behave", STRIKES, ids=lambda each: each.__name__)
def test_once_connected_it_may_have_arrived(behave: Behaviour) -> None:
    with (
        a_server(behave) as address,
        Client(TOKEN, base_url=address, timeout=QUICK) as client,
        pytest.raises(MayHaveArrived),
    ):
        client.send(CREATE)


@pytest.mark.parametrize("behave", STRIKES, ids=lambda each: each.__name__)
async def test_and_so_when_awaited(behave: Behaviour) -> None:
    with a_server(behave) as address:
        async with AsyncClient(TOKEN, base_url=address, timeout=QUICK) as client:
            with pytest.raises(MayHaveArrived):
                await client.send(CREATE)


def test_a_kept_connection_that_breaks_may_have_carried_the_call() -> None:
    with a_server(answer_well_then_hang_up_on_the_next) as address, Client(TOKEN, base_url=address) as client:
        assert client.send(CREATE).id == EVENT
        with pytest.raises(MayHaveArrived):
            client.send(CREATE)


def a_closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


async def test_a_refused_connection_sent_nothing() -> None:
    address = f"http://{a_closed_port()}"
    with Client(TOKEN, base_url=address) as client, pytest.raises(NotSent):
        client.send(CREATE)
    async with AsyncClient(TOKEN, base_url=address) as awaited:
        with pytest.raises(NotSent):
            await awaited.send(CREATE)


def test_a_failed_tls_handshake_sent_nothing() -> None:
    def no_tls(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with (
        a_server(no_tls) as address,
        Client(TOKEN, base_url=address.replace("http", "https")) as client,
        pytest.raises(NotSent),
    ):
        client.send(CREATE)


def test_a_proxy_that_opens_no_tunnel_sent_nothing() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with a_server(refuse) as proxy, httpx.Client(proxy=proxy) as http, pytest.raises(NotSent):
        Client(TOKEN, base_url="https://api.test", http=http).send(CREATE)


def test_waiting_for_a_free_connection_sent_nothing() -> None:
    busy, done = threading.Event(), threading.Event()

    def hold(connection: socket.socket) -> None:
        read_request(connection)
        busy.set()
        done.wait(5)

    def be_patient(client: Client) -> None:
        with pytest.raises(MayHaveArrived):
            client.send(CREATE)

    limits = httpx.Limits(max_connections=1)
    with a_server(hold) as address, httpx.Client(limits=limits) as http:
        patient = Client(TOKEN, base_url=address, http=http)
        hasty = Client(TOKEN, base_url=address, http=http, timeout=QUICK)
        first = threading.Thread(target=be_patient, args=(patient,))
        first.start()
        assert busy.wait(5)
        try:
            with pytest.raises(NotSent):
                hasty.send(CREATE)
        finally:
            done.set()
            first.join(timeout=5)


def test_the_bytes_on_the_wire() -> None:
    got: list[bytes] = []

    def keep(connection: socket.socket) -> None:
        got.append(read_request(connection))
        body = f'{{"id": "{EVENT}"}}'.encode()
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with a_server(keep) as address, Client(TOKEN, base_url=address + "/") as client:
        client.send(CREATE)
    assert got[0].startswith(b"POST /v1/financeiro/contas-a-pagar HTTP/1.1\r\n")
    assert b'"valor": 1500.00,' in got[0]
