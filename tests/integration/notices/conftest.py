"""A company with its people, and a mail server that really listens."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.pages.world import World
    from postbox import Postbox

    from alcada.people.models import Company, User


@pytest.fixture
def postbox(settings: Any) -> "Iterator[Postbox]":
    from postbox import listening

    settings.ALCADA_URL = "https://alcada.exemplo.com.br"
    settings.DEFAULT_FROM_EMAIL = "Alçada <alcada@exemplo.com.br>"
    with listening(settings) as box:
        yield box


@pytest.fixture
def office(transactional_db: None, company: "Company", ana: "User", bruno: "User", clara: "User") -> "World":
    """As the pages' world; what it writes is committed, so that others see it."""
    from integration.pages.world import build

    from alcada.people.models import Role, User

    beatriz = User.objects.create_user(email="beatriz@exemplo.com.br", name="Beatriz Rocha", password="x")
    company.memberships.create(user=beatriz, role=Role.APPROVER)
    User.objects.update(language="en")
    for one in (ana, bruno, clara, beatriz):
        one.refresh_from_db()
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)
