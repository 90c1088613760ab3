from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from integration.signin.issuer import CLIENT, SECRET, Issuer
from postbox import Postbox, listening

from alcada.config import oidc


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


@pytest.fixture
def letters(settings: Any) -> Iterator[Postbox]:
    with listening(settings) as box:
        yield box


@pytest.fixture(scope="session")
def running_issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(running_issuer: Issuer, settings: Any) -> Issuer:
    """A provider of its own for each test, the product told of it as by its environment."""
    running_issuer.person = {}
    running_issuer.asked.clear()
    environment = {
        "ALCADA_OIDC_ISSUER": running_issuer.url,
        "ALCADA_OIDC_CLIENT_ID": CLIENT,
        "ALCADA_OIDC_CLIENT_SECRET": SECRET,
        "ALCADA_OIDC_NAME": "Casa",
    }
    settings.OIDC = oidc.read(environment)
    told = {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": oidc.apps(settings.OIDC)}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": told}
    return running_issuer
