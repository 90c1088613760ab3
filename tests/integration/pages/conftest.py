"""The pages' world, on the cast of every test; and a signed-in client per person."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from integration.pages.world import World

    from alcada.people.models import Company, User

Sign = Callable[["User"], "Client"]


@pytest.fixture
def world(company: "Company", ana: "User", bruno: "User", clara: "User") -> "World":
    from integration.pages.world import build

    from alcada.people.models import Role, User

    beatriz = User.objects.create_user(
        email="beatriz@exemplo.com.br", name="Beatriz Rocha", password="uma outra"
    )
    company.memberships.create(user=beatriz, role=Role.APPROVER)
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)


@pytest.fixture
def as_(world: "World") -> Sign:
    """A client in which the person is signed in, reading English."""
    from django.test import Client

    def sign(user: "User") -> "Client":
        client = Client()
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return sign
