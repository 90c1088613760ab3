"""One running sandbox for all of this folder; each test starts from a reset."""

from collections.abc import Iterator

import pytest
from integration.sandbox.office import Office

from conta_azul_sandbox.testing import RunningSandbox


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


@pytest.fixture
def office(server: RunningSandbox) -> Office:
    """Two companies; the first one is signed in."""
    return Office(server, server.reset(companies=2)["companies"])
