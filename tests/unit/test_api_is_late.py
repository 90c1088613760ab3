"""django-ninja and pydantic cost memory: no worker loads them, a web process with the first call that needs them."""

import subprocess
import sys

HEAVY = "sum(name in sys.modules for name in ('ninja', 'pydantic', 'pydantic_core'))"


def run(code: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", f"import sys, django; django.setup(); {code}"], check=False
    ).returncode


def test_a_worker_never_loads_them() -> None:
    assert run(f"import alcada.flow.dispatcher, alcada.jobs.tasks; sys.exit({HEAVY})") == 0


def test_a_web_process_loads_them_late() -> None:
    ask = "from django.test import Client; from django.urls import reverse; reverse('home'); "
    refused = "assert Client(HTTP_HOST='localhost').get('/api/v1/entries').status_code == 401; "
    assert run(f"{ask}{refused}sys.exit({HEAVY})") == 0
    assert run(f"{ask}Client(HTTP_HOST='localhost').get('/api/v1/openapi.json'); sys.exit({HEAVY})") == 3
