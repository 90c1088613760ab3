"""The pages' world, for the tests of lists."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from integration.pages.world import World

    from alcada.people.models import Company, User


@pytest.fixture
def world(company: "Company", ana: "User", bruno: "User", clara: "User") -> "World":
    from cast import make_person
    from integration.pages.world import build

    beatriz = make_person("Beatriz Rocha", company, "approver")
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)


@pytest.fixture
def as_(world: "World") -> "Callable[[User], Client]":
    from django.test import Client

    def sign(user: "User") -> "Client":
        client = Client()
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return sign


@pytest.fixture(autouse=True)
def _files_of_their_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
