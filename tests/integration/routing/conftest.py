"""One company with two accounts that know the same categories and bank accounts; no call is made."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.routing.office import Office


@pytest.fixture
def office(db: Any, company: Any, ana: Any, bruno: Any, clara: Any) -> "Office":
    from integration.routing.office import furnish

    return furnish(company, ana, bruno, clara)
