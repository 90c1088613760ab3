"""Real processes of the product on the test's own database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.db import connection


def database_url(name: str = "") -> str:
    """The test's own database, or another on its server."""
    server = urlsplit(os.environ["DATABASE_URL"])
    return server._replace(path=f"/{name or connection.settings_dict['NAME']}").geturl()


def environment(sandbox: Any, **more: str) -> dict[str, str]:
    """What a process needs to work on the test's database and to talk to the sandbox. `more` are ALCADA_… settings."""
    return os.environ | {
        "DATABASE_URL": database_url(),
        "ALCADA_CONTA_AZUL_API_URL": sandbox.url,
        "ALCADA_CONTA_AZUL_AUTH_URL": f"{sandbox.url}/oauth2/authorize",
        "ALCADA_CONTA_AZUL_TOKEN_URL": f"{sandbox.url}/oauth2/token",
        **{f"ALCADA_{key}": value for key, value in more.items()},
    }


def alcada(*arguments: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "alcada", *arguments], env=environment)


def until(true: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Poll until it is true; fails naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.05)
