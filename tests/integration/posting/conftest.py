"""Postings that need a hand."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # a folder's conftest may be read before Django is set up
    from collections.abc import Iterator

    from django.test import Client
    from integration.posting.edge import Edge
    from stories import Account

    from alcada.posting.models import Posting

pytest.register_assert_rewrite("integration.posting.pairs")
CREATE = "/v1/financeiro/contas-a-pagar"


@pytest.fixture
def as_clara(clara: Any) -> "Client":
    """The administrator's browser, in English."""
    from django.test import Client

    client = Client()
    client.force_login(clara)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def lost(account: "Account", sandbox: Any, settings: Any, ana: Any, bruno: Any) -> "Posting":
    """It arrived, its answer was lost, the searches failed, and the looking has ended."""
    from integration.posting.hands import fresh
    from stories import approved, post

    from alcada.flow import posting as flow_posting
    from alcada.posting.models import State

    settings.POSTING = settings.POSTING | {"look_for_s": 0.0, "absence_span_s": 0.0}
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults({"method": "POST", "path": CREATE, "kind": "drop_after", "count": 1})
    post(account)
    sandbox.faults({"method": "GET", "kind": "error_before"})
    flow_posting.look([posting.pk])
    sandbox.faults()
    return fresh(posting, State.UNDECIDED)


@pytest.fixture
def refused(account: "Account", sandbox: Any, ana: Any, bruno: Any) -> "Posting":
    from integration.posting.hands import fresh
    from stories import approved, post

    from alcada.posting.models import State

    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults({"method": "POST", "path": CREATE, "kind": "error_before", "status": 400, "count": 1})
    post(account)
    return fresh(posting, State.REFUSED)


@pytest.fixture
def edge(sandbox: Any, settings: Any, account: "Account") -> "Iterator[Edge]":
    """The account is connected; from now on its calls pass the edge."""
    from integration.posting.edge import Edge

    with Edge(sandbox.url) as running:
        settings.CONTA_AZUL_API_URL = running.url
        yield running
