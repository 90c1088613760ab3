"""The sandbox's control address."""

import json
import urllib.request
from typing import Any


class Control:
    """Calls to `/_sandbox/…` of a sandbox on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  (a loopback address)
            f"{self.url}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310  (as above)
            return json.loads(answer.read() or "null")
