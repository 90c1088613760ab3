"""A company that sells: its account with categories, a customer, and deals of its people."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from integration.intake.conftest import Desk

    from alcada.directory.models import Party
    from alcada.people.models import Company, User
    from alcada.sales.models import Deal

Sign = Callable[["User"], "Client"]


@dataclass(frozen=True)
class Shop:
    desk: "Desk"
    customer: "Party"

    @property
    def company(self) -> "Company":
        return self.desk.company

    def deal(self, owner: "User", **changes: Any) -> "Deal":
        """One that may be won."""
        from alcada.sales.actions import Content, create

        by = changes.pop("by", owner)
        fields = {
            "title": "Coffee break de novembro",
            "customer": self.customer,
            "value": Decimal("100.00"),
            "terms": "30/60/90",
            "owner": owner,
            "category": self.desk.sales,
            "bank_account": self.desk.account,
            **changes,
        }
        return create(self.company, Content(**fields), by=by)


def open_shop(company: "Company") -> Shop:
    from integration.intake.conftest import furnish

    from alcada.directory.actions import save_party

    customer = save_party(company, name="Festa & Cia Ltda", document="19131243000197", is_customer=True)
    desk = furnish(company)
    return Shop(desk, customer)


@pytest.fixture
def shop(company: "Company") -> Shop:
    return open_shop(company)


@pytest.fixture
def as_() -> Sign:
    """A client in which the person is signed in, reading English."""
    from django.test import Client

    def sign(user: "User") -> "Client":
        client = Client()
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return sign
