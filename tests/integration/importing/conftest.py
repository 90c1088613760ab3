"""A company whose account has categories, with a vendor of its own; files made as people make them."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.importing.shop import Shop


@pytest.fixture
def shop(company: Any, ana: Any, bruno: Any, clara: Any, settings: Any, tmp_path: Any) -> "Shop":
    from integration.importing.shop import furnish

    settings.MEDIA_ROOT = tmp_path / "files"
    return furnish(company, ana, bruno, clara)


@pytest.fixture
def as_ana(client: Any, ana: Any) -> Any:
    client.force_login(ana)
    client.cookies["django_language"] = "en"
    return client
