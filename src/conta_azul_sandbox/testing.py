"""The sandbox for tests: a real process on a free port, steered over HTTP."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from conta_azul_sandbox.world import DEMO_CLIENT, DEMO_SECRET


class RunningSandbox:
    """`with RunningSandbox() as sandbox: sandbox.reset(companies=2)`.

    `arguments` are those of the command line. Tests that are not about rate limits want them off, so they are
    off here; `reset(settings={"rate_limit": True})` turns them on.
    """

    def __init__(
        self,
        *arguments: str,
        port: int = 0,
        data: Path | None = None,
        rate_limit: bool = False,
        wait: float = 20,
    ) -> None:
        self.arguments = [*arguments, "--port", str(port), "--rate-limit", "on" if rate_limit else "off"]
        if data is not None:
            self.arguments += ["--data", str(data)]
        self.wait = wait
        self.url = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        command = [sys.executable, "-m", "conta_azul_sandbox", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self.process.stdout is not None
        # Blocks until the server listens, or ends at once with its process.
        line = self.process.stdout.readline()
        if " at http://" not in line:
            self.stop()
            raise RuntimeError(f"The sandbox did not start: {line!r}")
        self.url = line.rsplit(" ", 1)[1].strip()
        return self

    def stop(self) -> None:
        """As a person would: the state is saved."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.wait)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._close()

    def _close(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Control

    def reset(self, companies: int | list[dict[str, Any]] = 1, seed: int = 1, **more: Any) -> Any:
        return self._control("POST", "reset", {"companies": companies, "seed": seed, **more})

    def act(self, company: str, action: str, **details: Any) -> Any:
        return self._control("POST", "act", {"company": company, "action": action, **details})

    def faults(self, *rules: dict[str, Any]) -> Any:
        """Replace all rules; without any, none is left."""
        return self._control("POST", "faults", list(rules))

    def current_faults(self) -> Any:
        return self._control("GET", "faults")

    def state(self, company: str | None = None) -> Any:
        return self._control("GET", "state" + _query(company=company))

    def books(self, company: str) -> Any:
        """One company's part of the state."""
        return self.state(company)["companies"][0]

    def payables(self, company: str) -> Any:
        return self.books(company)["payables"]

    def receivables(self, company: str) -> Any:
        return self.books(company)["receivables"]

    def calls(self, company: str | None = None, path: str | None = None) -> Any:
        return self._control("GET", "calls" + _query(company=company, path=path))

    def call_summary(self) -> Any:
        return self._control("GET", "calls?summary=1")

    def settings(self, **changes: Any) -> Any:
        return self._control("POST", "settings", changes)

    def clock(self, advance_seconds: float = 0) -> Any:
        return self._control("POST", "clock", {"advance_seconds": advance_seconds})

    def codes(self, company: str, client_id: str | None = None, redirect_uri: str | None = None) -> Any:
        return self._control(
            "POST", "codes", {"company": company, "client_id": client_id, "redirect_uri": redirect_uri}
        )

    def application(
        self, client_id: str, client_secret: str, redirect_uris: Sequence[str], demo: bool = False
    ) -> Any:
        row = {"client_id": client_id, "client_secret": client_secret, "redirect_uris": list(redirect_uris)}
        return self._control("POST", "applications", {**row, "demo": demo})

    # The API, for whoever has no client at hand

    def tokens(self, company: str) -> Any:
        """A fresh token pair of the demo's application."""
        ready = self.codes(company)
        form = {
            "grant_type": "authorization_code",
            "code": ready["code"],
            "redirect_uri": ready["redirect_uri"],
        }
        status, answer = self.token_request(form)
        if status != 200:
            raise RuntimeError(f"No token: {answer}")
        return answer

    def token_request(
        self, form: dict[str, str], client_id: str = DEMO_CLIENT, client_secret: str = DEMO_SECRET
    ) -> tuple[int, Any]:
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", "/oauth2/token", urlencode(form).encode(), headers)

    def api(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """(status, document); the document is None when the body is empty."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._send(method, path, None if body is None else json.dumps(body).encode(), headers)

    def _control(self, method: str, name: str, body: Any = None) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        status, answer = self._send(method, f"/_sandbox/{name}", raw, {"Content-Type": "application/json"})
        if status != 200:
            raise ValueError(f"{name}: {answer}")
        return answer

    def _send(self, method: str, path: str, raw: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        request = Request(self.url + path, raw, headers, method=method)  # noqa: S310 - our own address
        try:
            with urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, _document(response.read())
        except HTTPError as error:
            with error:
                return error.code, _document(error.read())


def _query(**values: str | None) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _document(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")
