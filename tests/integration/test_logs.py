"""What reaches the log: one line for a refusal, and nothing that opens a door or points at a person."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from alcada.config.logs import Line
from alcada.people import actions
from alcada.people.models import User


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the installation's own handler writes, as settings wired it."""
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Line)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def test_a_password_link_is_not_written_while_it_still_opens(
    client: Client, written: io.StringIO, clara: User
) -> None:
    token = actions.welcome_token(clara)
    for address in (f"/welcome/{token}", f"/welcome/{token}x", f"/welcome/{token}/"):
        assert client.post(address, {"password": "curta"}).status_code in (404, 410, 422)
    assert token not in written.getvalue()
    assert written.getvalue().count("/welcome/[…]") == 3


def test_no_document_gets_out_by_a_traceback(written: io.StringIO) -> None:
    try:
        raise ValueError("vendor 390.533.447-05 is not there")
    except ValueError:
        logging.getLogger("alcada.anything").exception("%s refused", "16.727.230/0001-97", stack_info=True)
    lines = written.getvalue()
    assert "Traceback" in lines
    assert "ValueError: vendor [CPF] is not there" in lines
    assert "[CNPJ] refused" in lines
    assert "390.533" not in lines


def test_a_refused_page_is_one_line(client: Client, written: io.StringIO, ana: Any) -> None:
    client.force_login(ana)
    assert client.get("/doctor").status_code == 403
    assert [line.split(": ", 1)[1] for line in written.getvalue().splitlines()] == [
        "Forbidden (Permission denied): /doctor"
    ]
