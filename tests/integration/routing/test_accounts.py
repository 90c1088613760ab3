"""Several accounts of one company at Conta Azul: each connection stands for one of them, and for no other's."""

from typing import Any

import pytest
from integration.routing.offices import Entity, authorise, open_entities

from alcada.connections import actions
from alcada.connections.authorisation import AuthorisationError
from alcada.connections.models import Connection

AURORA = ("Padaria Aurora Ltda", "11222333000181")
HORIZONTE = ("Oficina Horizonte Ltda", "12ABC34501DE35")


@pytest.fixture
def entities(transactional_db: None, sandbox: Any) -> list[Entity]:
    return open_entities(sandbox, {AURORA: ["Matriz", "Loja"], HORIZONTE: ["Única"]}, fetch=False)


def test_accounts_of_one_company_are_told_apart(entities: list[Entity]) -> None:
    matriz, loja = entities[0].accounts["Matriz"], entities[0].accounts["Loja"]
    assert (matriz.remote_document, loja.remote_document) == (AURORA[1], AURORA[1])
    assert matriz.remote_id != loja.remote_id


def test_an_account_that_is_connected_already_is_refused(entities: list[Entity], sandbox: Any) -> None:
    """Conta Azul's page remembers who was signed in: the second consent easily goes to the first account."""
    third = actions.create_connection(by=entities[0].clara, company=entities[0].company, name="Obra")
    with pytest.raises(AuthorisationError) as refusal:
        authorise(sandbox, entities[0], third, f"{AURORA[1]}-0")
    assert (refusal.value.code, refusal.value.expected) == ("account_taken", "Matriz")
    third.refresh_from_db()
    assert (third.authorised_at, third.access_token) == (None, None)
    matriz = entities[0].accounts["Matriz"]
    matriz.refresh_from_db()
    assert matriz.state == Connection.State.CONNECTED
    again = authorise(sandbox, entities[0], matriz, f"{AURORA[1]}-0")
    assert again.state == Connection.State.CONNECTED


def test_another_companys_account_is_still_refused(entities: list[Entity], sandbox: Any) -> None:
    third = actions.create_connection(by=entities[0].clara, company=entities[0].company, name="Obra")
    with pytest.raises(AuthorisationError) as refusal:
        authorise(sandbox, entities[0], third, f"{HORIZONTE[1]}-0")
    assert refusal.value.code == "wrong_company"
    loja = entities[0].accounts["Loja"]
    with pytest.raises(AuthorisationError) as refusal:
        authorise(sandbox, entities[0], loja, f"{AURORA[1]}-0")
    assert refusal.value.code == "wrong_company", "pinned to its own account, not to any of the company's"
