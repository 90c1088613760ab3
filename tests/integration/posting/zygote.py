"""Worker processes that can be killed anywhere: each a fork of one that has everything loaded and nothing open.

Runs as a process of its own. A line on its input is a JSON object: the account's key and addresses; it forks, the child
posts what waits on the account as a worker does, and the child's process id is the line of the answer.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

TESTS = Path(__file__).parents[2]


class Zygote:
    """`with Zygote(environment) as zygote: pid = zygote.post(account_key, api_url)`."""

    def __init__(self, environment: dict[str, str]) -> None:
        path = os.pathsep.join([str(TESTS), *sys.path])
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env=environment | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def post(self, account: int, api: str, **posting: Any) -> int:
        """The process id of a worker that has begun to post what waits on the account."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"account": account, "api": api, "posting": posting}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def main() -> None:
    import django

    django.setup()
    import stories  # everything that a worker needs

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever was killed leaves nothing behind
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _post(stories, wish)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _post(stories: Any, wish: dict[str, Any]) -> None:
    from types import SimpleNamespace

    from django.conf import settings

    settings.CONTA_AZUL_API_URL = wish["api"]
    settings.POSTING |= {"calls_per_second": 0} | wish["posting"]
    stories.post(SimpleNamespace(pk=wish["account"]))


if __name__ == "__main__":
    main()
