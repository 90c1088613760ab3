"""The sandbox with two companies, ours that stand for them, and the application registered on both sides."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # a folder's conftest may be read before Django is set up
    from integration.connections.office import Office

    from alcada.people.models import User
    from conta_azul_sandbox.testing import RunningSandbox


@pytest.fixture
def office(transactional_db: None, sandbox: "RunningSandbox", settings: Any) -> "Office":
    from integration.connections.office import open_office

    # Connections of helper threads end with their call: none may be open when the test database goes.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    return open_office(sandbox)


@pytest.fixture
def stranger(office: "Office") -> "User":
    from alcada.people.models import User

    return User.objects.create_user(email="otto@alcada.example", name="Otto Lima", password="x")
