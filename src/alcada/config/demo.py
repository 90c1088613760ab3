"""`alcada demo`: two companies, two accounts in the sandbox, and one story told line by line.

The story goes the product's own way: the same functions as the pages, a real worker process, real HTTP to the sandbox.
In the end the sandbox's books are read and compared with what was approved.
"""

import json
import os
import signal
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import platformdirs
from django.conf import settings

from alcada.config import database, processes


def run(*, once: bool, as_json: bool, port: int, sandbox_port: int) -> int:
    """Tell the story; stay up unless `once`. Returns 0 only if the books hold exactly what was approved."""
    signal.signal(signal.SIGTERM, processes.interrupt)
    try:
        if once:
            return _once(as_json)
        home = Path(os.environ.get("ALCADA_HOME") or platformdirs.user_data_dir("alcada-demo"))
        return Demo(home, port=port, sandbox_port=sandbox_port).stay()
    except KeyboardInterrupt:  # before it was up
        return 130


def _once(as_json: bool) -> int:
    """In a folder of its own, of which nothing stays: the server is stopped before its data goes."""
    with tempfile.TemporaryDirectory(prefix="alcada-demo-") as folder:
        demo = Demo(Path(folder), port=processes.free_port(), sandbox_port=processes.free_port())
        try:
            return demo.once(as_json)
        finally:
            database.stop()


class Demo:
    """One demo installation: its folder, its sandbox, its processes."""

    def __init__(self, home: Path, *, port: int, sandbox_port: int) -> None:
        self.home, self.port, self.sandbox_port = home, port, sandbox_port
        self.sandbox = f"http://127.0.0.1:{sandbox_port}"
        self.quiet = False
        os.environ.update(
            {
                "ALCADA_HOME": str(home),
                "ALCADA_DEMO": "1",
                "ALCADA_URL": f"http://localhost:{port}",
                "ALCADA_CONTA_AZUL_API_URL": self.sandbox,
                "ALCADA_CONTA_AZUL_AUTH_URL": f"{self.sandbox}/oauth2/authorize",
                "ALCADA_CONTA_AZUL_TOKEN_URL": f"{self.sandbox}/oauth2/token",
                "DJANGO_SETTINGS_MODULE": "alcada.config.settings",
            }
        )
        os.environ.setdefault("ALCADA_LOG_LEVEL", "WARNING")
        if home.name.startswith("alcada-demo-"):
            os.environ.pop("DATABASE_URL", None)  # `--once` never touches another database

    def say(self, text: str) -> None:
        print(text, flush=True, file=sys.stderr if self.quiet else sys.stdout)

    def once(self, as_json: bool) -> int:
        self.quiet = as_json
        supervisor = self._up()
        try:
            report = self._story()
        finally:
            supervisor.stop()
        if as_json:
            print(json.dumps(report, ensure_ascii=False))
        return 0 if report["ok"] else 1

    def stay(self) -> int:
        for option, port in (("--port", self.port), ("--sandbox-port", self.sandbox_port)):
            if not processes.freed(port):
                print(
                    f"Port {port} is in use: is the demo running already? ({option} takes another)",
                    file=sys.stderr,
                )
                return 1
        supervisor = self._up()
        try:
            supervisor.start("serve", "--port", str(self.port))
            from alcada.people.models import User

            if User.objects.exists():
                self.say("The demo of last time goes on.")
                ok = True
            else:
                ok = self._story()["ok"]
            processes.wait_for_port(self.port)
            self._where(ok)
            supervisor.watch()
        finally:
            supervisor.stop()
        return 0 if ok else 1

    def _up(self) -> processes.Supervisor:
        """Sandbox, database, worker."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        database.ensure_running()
        import django

        django.setup()
        from alcada.config.start import prepare_database

        prepare_database(self.say)
        supervisor = processes.Supervisor(output=sys.stderr if self.quiet else None)
        callback = f"{os.environ['ALCADA_URL']}/connections/callback"
        supervisor.start(
            "sandbox",
            "--port",
            str(self.sandbox_port),
            "--mode",
            "strict",
            "--data",
            str(self.home / "sandbox.json"),
            "--demo-redirect",
            callback,
        )
        processes.wait_for_port(self.sandbox_port)
        supervisor.start("worker")
        return supervisor

    def _story(self) -> dict[str, Any]:
        from alcada.config.demo_story import Story

        return Story(self.control, self.say, settings.DEMO_PASSWORD).tell()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call to the sandbox's control address."""
        request = urllib.request.Request(  # noqa: S310  (our own loopback address)
            f"{self.sandbox}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  (as above)
            return json.loads(answer.read() or "null")

    def _where(self, ok: bool) -> None:
        from alcada.config.demo_story import PEOPLE

        self.say("")
        self.say(f"Alçada:                  http://localhost:{self.port}")
        self.say(f"Conta Azul (sandbox):    {self.sandbox}")
        for email, name, what in PEOPLE:
            self.say(f"  {name:<22} {email:<24} {what}")
        self.say(f"Everybody's password here: {settings.DEMO_PASSWORD}")
        self.say(
            "Ctrl+C stops it. Run it again and it goes on." if ok else "The story did not end as it should."
        )


def wait_until(true: Any, what: str, seconds: float = 60) -> None:
    """Poll until `true()`; TimeoutError naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not after {seconds:.0f} s")
        time.sleep(0.05)
