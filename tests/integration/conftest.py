"""An account in the sandbox, connected, for whoever needs one."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stories import Account


@pytest.fixture
def account(transactional_db: None, settings: Any, sandbox: Any, company: Any, clara: Any) -> "Account":
    """The company's account. Without a bucket here: what spaces the calls has its own tests."""
    from stories import connect

    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    return connect(company, sandbox, by=clara)
