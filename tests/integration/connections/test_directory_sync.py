"""Our copy of an account's categories, accounts and cost centres follows what happens there, and deletes nothing."""

from typing import Any

import pytest
from integration.connections.office import Office

from alcada.connections import directory_sync
from alcada.directory.actions import save_cost_centre
from alcada.directory.models import BankAccount, Category, CostCentre, Defaults, EntryKind
from alcada.directory.queries import (
    bank_accounts_for,
    categories_for,
    cost_centres_for,
    counterpart,
    defaults_for,
)
from alcada.history.queries import of
from conta_azul import MayHaveArrived


def there(office: Office, what: str, name: str) -> str:
    """The sandbox's id of a thing by its name."""
    return next(str(row["id"]) for row in office.sandbox.books(office.first.id)[what] if row["nome"] == name)


def test_leaves_come_with_their_kind_and_parents_do_not(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    payable = {str(c) for c in categories_for(office.first.company, EntryKind.PAYABLE)}
    receivable = {str(c) for c in categories_for(office.first.company, EntryKind.RECEIVABLE)}
    assert "Ocupação › Aluguel" in payable
    assert "Receitas operacionais › Prestação de serviços" in receivable
    assert not payable & receivable
    assert not Category.objects.filter(name="Ocupação").exists()
    connection.refresh_from_db()
    assert connection.directory_synced_at


def test_no_payable_is_offered_an_account_that_only_receives(office: Office) -> None:
    directory_sync.fetch(office.connect(office.first).pk)
    payable = {account.name for account in bank_accounts_for(office.first.company, EntryKind.PAYABLE)}
    receivable = {account.name for account in bank_accounts_for(office.first.company, EntryKind.RECEIVABLE)}
    assert receivable - payable == {"Receba Fácil Cartão"}


def test_their_usual_account_becomes_ours_unless_we_chose(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    usual = defaults_for(office.first.company, EntryKind.PAYABLE)
    assert usual is not None
    assert usual.bank_account is not None
    assert usual.bank_account.name == "Banco do Brasil"
    other = BankAccount.objects.get(company=office.first.company, name="Itaú Empresas")
    Defaults.objects.filter(pk=usual.pk).update(bank_account=other)
    directory_sync.fetch(connection.pk)
    usual.refresh_from_db()
    assert usual.bank_account == other


def test_a_second_fetch_changes_and_records_nothing(office: Office) -> None:
    connection = office.connect(office.first)
    assert directory_sync.fetch(connection.pk)
    assert not directory_sync.fetch(connection.pk)
    assert [record.event for record in of(connection)].count("connection.directory_synced") == 1


def test_a_rename_there_is_a_rename_here(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    rent = Category.objects.get(company=office.first.company, name="Aluguel")
    bank = BankAccount.objects.get(company=office.first.company, name="Itaú Empresas")
    shop = CostCentre.objects.get(company=office.first.company, name="Loja")
    act = office.sandbox.act
    act(office.first.id, "rename", category=there(office, "categories", "Aluguel"), name="Aluguéis")
    act(office.first.id, "rename", account=there(office, "bank_accounts", "Itaú Empresas"), name="Itaú PJ")
    act(office.first.id, "rename", cost_centre=there(office, "cost_centres", "Loja"), name="Loja Centro")
    directory_sync.fetch(connection.pk)
    for row in (rent, bank, shop):
        row.refresh_from_db()
    assert (rent.name, bank.name, shop.name) == ("Aluguéis", "Itaú PJ", "Loja Centro")


def test_what_goes_out_of_use_there_goes_out_of_use_here_and_comes_back(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    company = office.first.company
    ids = {
        "category": there(office, "categories", "Aluguel"),
        "account": there(office, "bank_accounts", "Itaú Empresas"),
        "cost_centre": there(office, "cost_centres", "Loja"),
    }
    for name, id_ in ids.items():
        office.sandbox.act(office.first.id, "deactivate", **{name: id_})
    changes = directory_sync.fetch(connection.pk)
    assert changes == {"categories_gone": 1, "accounts_gone": 1, "cost_centres_gone": 1}
    assert not categories_for(company, EntryKind.PAYABLE).filter(name="Aluguel").exists()
    assert not bank_accounts_for(company, EntryKind.PAYABLE).filter(name="Itaú Empresas").exists()
    assert not cost_centres_for(company).filter(name="Loja").exists()
    assert Category.objects.filter(company=company, name="Aluguel", active=False).exists()
    for name, id_ in ids.items():
        office.sandbox.act(office.first.id, "activate", **{name: id_})
    directory_sync.fetch(connection.pk)
    assert categories_for(company, EntryKind.PAYABLE).filter(name="Aluguel").exists()
    assert bank_accounts_for(company, EntryKind.PAYABLE).filter(name="Itaú Empresas").exists()
    assert cost_centres_for(company).filter(name="Loja").exists()


def test_our_cost_centre_meets_theirs_by_code_or_by_name(office: Office) -> None:
    by_code = save_cost_centre(office.first.company, name="Ponto de venda", code="02")
    by_name = save_cost_centre(office.first.company, name="ADMINISTRATIVO")
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    assert CostCentre.objects.filter(company=office.first.company).count() == 2
    for ours, theirs in ((by_code, "Loja"), (by_name, "Administrativo")):
        found = counterpart(connection, ours)
        assert found is not None
        assert found.remote_id == there(office, "cost_centres", theirs)
    by_code.refresh_from_db()
    assert by_code.name == "Ponto de venda"  # ours keeps its own name


def test_an_answer_that_is_lost_leaves_the_copy_as_it_was(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    before = Category.objects.count()
    office.sandbox.faults({"kind": "error_before", "path": "/v1/centro-de-custo", "status": 500})
    with pytest.raises(MayHaveArrived):
        directory_sync.fetch(connection.pk)
    assert Category.objects.filter(active=True).count() == before
    connection.refresh_from_db()
    assert connection.last_error.startswith("directory_failed")
    office.sandbox.faults()
    directory_sync.fetch(connection.pk)
    connection.refresh_from_db()
    assert connection.last_error == ""


def test_an_empty_list_is_a_fault_rather_than_news(office: Office) -> None:
    connection = office.connect(office.first)
    directory_sync.fetch(connection.pk)
    before = categories_for(office.first.company, EntryKind.PAYABLE).count()
    fault: dict[str, Any] = {"kind": "error_before", "path": "/v1/categorias", "status": 200}
    office.sandbox.faults({**fault, "body": {"itens_totais": 0, "itens": []}})
    directory_sync.fetch(connection.pk)
    assert categories_for(office.first.company, EntryKind.PAYABLE).count() == before


def test_a_second_account_of_the_company_shares_its_categories(office: Office) -> None:
    first = office.connect(office.first)
    directory_sync.fetch(first.pk)
    before = Category.objects.filter(company=office.first.company).count()
    # The company moved to a new account at Conta Azul: same CNPJ, same names, other ids.
    document = office.first.company.document
    office.sandbox.reset(companies=[{"id": "moved", "document": document, "name": office.first.name}], seed=9)
    office.sandbox.application("our-app", "our-secret", ["https://alcada.example/connections/callback"])
    moved = type(office.first)("moved", office.first.name, office.first.company)
    second = office.connect(moved)
    directory_sync.fetch(second.pk)
    assert Category.objects.filter(company=office.first.company).count() == before
    rent = Category.objects.get(company=office.first.company, name="Aluguel")
    assert counterpart(first, rent)
    assert counterpart(second, rent)
