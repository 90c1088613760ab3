"""A posted entry, and the steps of a correction of it."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # a folder's conftest may be read before Django is set up
    from integration.correcting.desk import Desk
    from stories import Account


@pytest.fixture
def desk(account: "Account", sandbox: Any, ana: Any, bruno: Any, clara: Any) -> "Desk":
    """Ana enters and corrects, Bruno approves, Clara mends; the account is in the sandbox."""
    from integration.correcting.desk import Desk

    return Desk(account, sandbox, ana, bruno, clara)
