"""Conta Azul's API v2, typed: calls as data, exact amounts, errors that say what may have arrived.

    from conta_azul import Client
    from conta_azul.calls import categories, company

    with Client(access_token) as client:
        print(client.send(company.connected()).legal_name)
        for category in client.walk(categories.list(leaves_only=True)):
            print(category.name)

Not made by, nor connected with, Conta Azul.
"""

from conta_azul.amounts import Composition
from conta_azul.answer import Answer
from conta_azul.call import Call, Page, Pages
from conta_azul.client import AsyncClient, Client
from conta_azul.enums import (
    AccountKind,
    Activity,
    EntryKind,
    PaymentMethod,
    PersonKind,
    Profile,
    SearchStatus,
)
from conta_azul.errors import (
    Conflict,
    ContaAzulError,
    ErpLoginNeeded,
    InvalidGrant,
    MayHaveArrived,
    NotARedirect,
    NotAuthorised,
    NotFound,
    NotSent,
    OAuthError,
    PlanNotAllowed,
    Refused,
    TooManyRequests,
    Unreadable,
)
from conta_azul.wire import DEFAULT_API_URL, Timeouts

__all__ = [
    "DEFAULT_API_URL",
    "AccountKind",
    "Activity",
    "Answer",
    "AsyncClient",
    "Call",
    "Client",
    "Composition",
    "Conflict",
    "ContaAzulError",
    "EntryKind",
    "ErpLoginNeeded",
    "InvalidGrant",
    "MayHaveArrived",
    "NotARedirect",
    "NotAuthorised",
    "NotFound",
    "NotSent",
    "OAuthError",
    "Page",
    "Pages",
    "PaymentMethod",
    "PersonKind",
    "PlanNotAllowed",
    "Profile",
    "Refused",
    "SearchStatus",
    "Timeouts",
    "TooManyRequests",
    "Unreadable",
]
