"""Between the product and the sandbox: a server that does to chosen calls what no well-behaved server can.

All else passes through. A strike gets the call in hand: it may forward it, or not, and answer with any bytes, or none.
"""

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

HOPS: Final = {"connection", "keep-alive", "transfer-encoding", "content-length"}
TLS_HELLO: Final = 0x16


@dataclass
class InHand:
    """One call on its way. `forward` gives it to the sandbox and returns head and body of the answer."""

    connection: socket.socket
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    upstream: str

    def forward(self) -> tuple[bytes, bytes]:
        sandbox = http.client.HTTPConnection(self.upstream, timeout=30)
        kept = {name: value for name, value in self.headers.items() if name not in HOPS}
        sandbox.request(self.method, self.path, self.body or None, kept)
        answer = sandbox.getresponse()
        body = answer.read()
        sandbox.close()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: application/json\r\n".encode()
        if retry := answer.headers.get("Retry-After"):
            head += f"Retry-After: {retry}\r\n".encode()
        return head, body

    def pass_on(self) -> bytes:
        """As it should be."""
        head, body = self.forward()
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def say(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def wait_until_given_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.recv(1)

    def reset(self) -> None:
        """A reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Strike = Callable[[InHand], None]  # afterwards the connection is closed


@dataclass
class Rule:
    method: str
    path: str
    strike: Strike
    left: int
    skip: int


@dataclass
class Edge:
    """`with Edge(sandbox.url) as edge: edge.strike("POST", path, cut_head)`; the product is pointed at `edge.url`."""

    upstream: str
    url: str = ""
    failed: list[BaseException] = field(default_factory=list)
    _rules: list[Rule] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: socket.socket | None = None

    def strike(self, method: str, path: str, strike: Strike, *, count: int = 1, skip: int = 0) -> None:
        """The next `count` calls of this method and path, after the first `skip` of them."""
        self._rules.append(Rule(method, path, strike, count, skip))

    def calm(self) -> None:
        self._rules.clear()

    def __enter__(self) -> "Edge":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._spawn(self._accept, self._listener)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._listener is not None
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        assert not self.failed, self.failed

    def _spawn(self, work: Callable[[socket.socket], None], connection: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(connection,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with self._lock:
                    self._open.add(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                for call in self._calls(connection):
                    rule = self._rule(call)
                    if rule is None:
                        call.say(call.pass_on())
                        continue
                    rule.strike(call)
                    return
        except OSError:
            pass  # the other side has gone: as it may
        except BaseException as exc:
            self.failed.append(exc)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _rule(self, call: InHand) -> Rule | None:
        with self._lock:
            for rule in self._rules:
                if (rule.method, rule.path) != (call.method, urlsplit(call.path).path) or not rule.left:
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.left -= 1
                return rule
        return None

    def _calls(self, connection: socket.socket) -> Iterator[InHand]:
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more or (not data and more[0] == TLS_HELLO):
                    return  # also to who would speak TLS: no handshake here
                data += more
            head, _, data = data.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            length = int(headers.get("content-length", 0))
            while len(data) < length:
                data += connection.recv(65536)
            body, data = data[:length], data[length:]
            yield InHand(connection, method, path, headers, body, urlsplit(self.upstream).netloc)


# --- What becomes of the answer; each but the last group after the sandbox did what was asked -----------------------


def lose_it(call: InHand) -> None:
    call.forward()
    call.reset()


def hang_up(call: InHand) -> None:
    call.forward()


def stay_silent(call: InHand) -> None:
    call.forward()
    call.wait_until_given_up()


def cut_status_line(call: InHand) -> None:
    call.pass_on()
    call.say(b"HTTP/1.1 20")


def cut_head(call: InHand) -> None:
    head, _ = call.forward()
    call.say(head + b"Content-Le")


def cut_before_body(call: InHand) -> None:
    head, body = call.forward()
    call.say(head + b"Content-Length: %d\r\n\r\n" % len(body))


def cut_body(call: InHand) -> None:
    head, body = call.forward()
    call.say(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[: len(body) // 2])


def cut_last_byte(call: InHand) -> None:
    head, body = call.forward()
    call.say(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])


def cut_chunk_size(call: InHand) -> None:
    head, body = call.forward()
    call.say(head + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + body[:5] + b"\r\n1")


def cut_chunk(call: InHand) -> None:
    head, body = call.forward()
    call.say(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body[: len(body) // 2])


def cut_last_chunk(call: InHand) -> None:
    """The whole text, and not the end that says that it is the whole."""
    head, body = call.forward()
    call.say(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n")


def bad_gzip(call: InHand) -> None:
    head, _ = call.forward()
    call.say(head + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


def other_protocol(call: InHand) -> None:
    call.forward()
    call.say(b"SSH-2.0-OpenSSH_9.2\r\n")


def instead(status: str, body: bytes = b"", *headers: str, applied: bool = True) -> Strike:
    """Another answer than the sandbox's."""

    def strike(call: InHand) -> None:
        if applied:
            call.forward()
        lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", "")
        call.say("\r\n".join(lines).encode() + body)

    return strike


def elsewhere(status: str) -> Strike:
    """A redirect to where the very same call would be carried out once more."""

    def strike(call: InHand) -> None:
        call.forward()
        location = f"http://{call.upstream}{call.path}"
        call.say(f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    return strike


def never_forwarded(call: InHand) -> None:
    call.reset()


def silent_and_never_forwarded(call: InHand) -> None:
    call.wait_until_given_up()
