"""A client in which a person is signed in, reading English."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from alcada.people.models import User

Sign = Callable[["User"], "Client"]


@pytest.fixture
def as_() -> Sign:
    from django.test import Client

    def sign(user: "User") -> "Client":
        client = Client()
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return sign
