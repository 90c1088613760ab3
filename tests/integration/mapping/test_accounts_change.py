"""What is renamed, deactivated, deleted there: accounts do not pull ours to and fro, and people are told once."""

from typing import Any

import pytest
from integration.routing.offices import Entity, open_entities
from stories import Account, approved, draft, enter, post, submit

from alcada.connections import directory_sync, mapping, mapping_actions
from alcada.connections.mapping import to_look_at
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Theirs
from alcada.flow import doctor_mapping
from alcada.flow import mapping as flow
from alcada.history.queries import of
from alcada.notify.models import Notice

DOCUMENT = "11222333000181"


@pytest.fixture
def entity(transactional_db: None, sandbox: Any, settings: Any) -> Entity:
    """One company with two accounts of the same chart."""
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    (found,) = open_entities(sandbox, {("Padaria Aurora Ltda", DOCUMENT): ["Matriz", "Loja"]})
    return found


def theirs(sandbox: Any, company: str, what: str, name: str) -> str:
    """The sandbox's id of a thing by its name."""
    return next(str(row["id"]) for row in sandbox.books(company)[what] if row["nome"] == name)


def account_of(entity: Entity, index: int) -> str:
    return f"{entity.company.document}-{index}"


def events(connection: Any) -> list[str]:
    return [record.event for record in of(connection)]


def test_accounts_with_other_parents_do_not_rename_ours_to_and_fro(entity: Entity, sandbox: Any) -> None:
    matriz, loja = entity.accounts["Matriz"], entity.accounts["Loja"]
    parent = theirs(sandbox, account_of(entity, 1), "categories", "Ocupação")
    sandbox.act(account_of(entity, 1), "rename", category=parent, name="Imóvel")
    directory_sync.fetch(loja.pk)
    before = [events(one).count("connection.directory_synced") for one in (matriz, loja)]
    for _ in range(2):
        for one in (matriz, loja):
            assert not directory_sync.fetch(one.pk)
    assert Category.objects.get(company=entity.company, name="Aluguel").parent_name == "Ocupação"
    assert [events(one).count("connection.directory_synced") for one in (matriz, loja)] == before


def test_ours_follows_a_name_once_all_accounts_agree(entity: Entity, sandbox: Any) -> None:
    rent = Category.objects.get(company=entity.company, name="Aluguel")
    for index, account in enumerate(entity.accounts.values()):
        one = theirs(sandbox, account_of(entity, index), "categories", "Aluguel")
        sandbox.act(account_of(entity, index), "rename", category=one, name="Aluguéis")
        directory_sync.fetch(account.pk)
        rent.refresh_from_db()
        assert rent.name == ("Aluguel", "Aluguéis")[index]
    assert Category.objects.filter(company=entity.company, name__startswith="Alugu").count() == 1


def test_a_cost_centre_goes_out_of_use_with_its_last_account(entity: Entity, sandbox: Any) -> None:
    shop = CostCentre.objects.get(company=entity.company, name="Loja")
    for index, account in enumerate(entity.accounts.values()):
        one = theirs(sandbox, account_of(entity, index), "cost_centres", "Loja")
        sandbox.act(account_of(entity, index), "deactivate", cost_centre=one)
        directory_sync.fetch(account.pk)
        shop.refresh_from_db()
        assert shop.active == (index == 0)


def test_the_usual_account_does_not_depend_on_whose_turn_it_was(entity: Entity) -> None:
    Theirs.objects.filter(connection=entity.accounts["Loja"], usual=True).update(usual=False)

    def usual() -> list[str]:
        found = BankAccount.objects.filter(company=entity.company, is_default=True)
        return list(found.values_list("name", flat=True))

    before = usual()
    for account in [*entity.accounts.values(), entity.accounts["Matriz"]]:
        directory_sync.fetch(account.pk)
        assert usual() == before != []


def test_what_changes_there_is_recorded_and_told_once(account: Account, sandbox: Any, clara: Any) -> None:
    remote = account.remote["id"]
    act = sandbox.act
    act(remote, "rename", category=theirs(sandbox, remote, "categories", "Aluguel"), name="Aluguéis")
    act(remote, "deactivate", account=theirs(sandbox, remote, "bank_accounts", "Itaú Empresas"))
    act(remote, "deactivate", cost_centre=theirs(sandbox, remote, "cost_centres", "Loja"))
    flow.fetch(account.pk)
    flow.fetch(account.pk)
    told = [r for r in of(account.connection) if r.event.startswith("mapping.")]
    assert {(r.event, r.data["kind"], r.data["before"], r.data["what"]) for r in told} == {
        ("mapping.renamed_there", "category", "Aluguel", "renamed"),
        ("mapping.gone_there", "bank_account", "Itaú Empresas", "inactive"),
        ("mapping.gone_there", "cost_centre", "Loja", "inactive"),
    }
    (notice,) = Notice.objects.filter(template="mapping_changed")
    assert notice.user == clara
    assert {"Loja", "Itaú Empresas"} <= set(notice.data["party"].replace("02 · ", "").split(", "))
    assert to_look_at(account.connection) == {"category": 1, "bank_account": 1, "cost_centre": 1, "party": 0}
    (finding,) = doctor_mapping.findings()
    assert (finding.level, finding.area) == ("problem", "mapping")
    assert "3 " in finding.sentence
    assert finding.todo


def test_named_back_there_needs_nobody_any_more(account: Account, sandbox: Any) -> None:
    remote = account.remote["id"]
    rent = theirs(sandbox, remote, "categories", "Aluguel")
    for name in ("Aluguéis", "Aluguel"):
        sandbox.act(remote, "rename", category=rent, name=name)
        directory_sync.fetch(account.pk)
    assert not any(to_look_at(account.connection).values())
    assert Category.objects.filter(company=account.connection.company, name="Aluguel").exists()
    (finding,) = doctor_mapping.findings()
    assert finding.level == "ok"


@pytest.mark.parametrize("what", ["renamed", "inactive", "missing"])
def test_a_vendor_that_changes_there_is_noticed_by_the_rolling_look(
    account: Account, sandbox: Any, ana: Any, bruno: Any, what: str
) -> None:
    remote = account.remote["id"]
    entry = {"nome": "Papelaria Aurora Ltda", "documento": DOCUMENT, "perfis": ["Fornecedor"]}
    person = sandbox.act(remote, "add", kind="person", entry=entry)
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    posting.refresh_from_db()
    assert posting.state == "posted"
    row = Counterpart.objects.get(party__isnull=False)
    if what == "renamed":
        sandbox.act(remote, "rename", person=person["id"], name="Aurora Papéis")
    elif what == "inactive":
        sandbox.act(remote, "deactivate", person=person["id"])
    else:  # nothing names it any more: Conta Azul lets it be deleted
        event = sandbox.payables(remote)[0]["id"]
        sandbox.act(remote, "delete", event=event)
        sandbox.act(remote, "delete", person=person["id"])
    calls = len(sandbox.calls(path="/v1/pessoas"))
    flow.fetch(account.pk)
    assert len(sandbox.calls(path="/v1/pessoas")) == calls + 1
    row.refresh_from_db()
    assert row.remote_id == person["id"]
    assert (row.trouble, row.active) == {
        "renamed": ("", True),
        "inactive": ("inactive", False),
        "missing": ("missing", False),
    }[what]
    assert row.renamed_from == ("Papelaria Aurora Ltda" if what == "renamed" else "")
    assert Notice.objects.filter(template="mapping_changed").count() == 1


def test_a_search_that_leaves_somebody_out_is_no_proof_that_they_are_gone(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    fault = {"kind": "error_before", "method": "GET", "path": "/v1/pessoas", "status": 200, "count": 1}
    sandbox.faults({**fault, "body": {"totalItems": 0, "items": None}})
    flow.fetch(account.pk)
    row = Counterpart.objects.get(party__isnull=False)
    assert (row.active, row.trouble) == (True, "")


def test_an_entry_that_waits_for_approval_names_what_changed(
    account: Account, sandbox: Any, ana: Any, bruno: Any, as_: Any
) -> None:
    company = account.connection.company
    typed = draft(company)
    category = Category.objects.get(pk=typed["splits"][0]["category"])
    bank = BankAccount.objects.get(pk=typed["bank_account"])
    revision = submit(enter(company, by=ana), by=ana)
    decide = f"/decisions/{revision.rounds.get().steps.get().pk}"
    assert "Renamed in Conta Azul" not in as_(bruno).get(decide).content.decode()
    remote = account.remote["id"]
    sandbox.act(
        remote, "rename", category=theirs(sandbox, remote, "categories", category.name), name="Outra coisa"
    )
    flow.fetch(account.pk)
    page = as_(bruno).get(decide).content.decode()
    assert "Renamed in Conta Azul since it was mapped" in page
    assert "is called Outra coisa there now" in page
    sandbox.act(remote, "deactivate", account=theirs(sandbox, remote, "bank_accounts", bank.name))
    flow.fetch(account.pk)
    for address in (decide, f"/entries/{revision.entry_id}"):
        page = as_(bruno).get(address).content.decode()
        assert f"Account {bank.name} is inactive there" in page
        assert "This can&#x27;t be posted as it stands" in page or "This can't be posted as it stands" in page


def test_what_went_out_of_use_there_is_of_use_again_once_another_is_chosen(
    account: Account, sandbox: Any, clara: Any
) -> None:
    connection = account.connection
    row = Counterpart.objects.filter(connection=connection, bank_account__active=True)[0]
    ours = row.bank_account
    assert ours is not None
    other = next(
        one
        for one in mapping.choosable(connection, "bank_account", ours, "").exclude(remote_id=row.remote_id)
        if mapping.fits(ours, one)
    )
    sandbox.act(account.remote["id"], "deactivate", account=row.remote_id)
    directory_sync.fetch(connection.pk)
    ours.refresh_from_db()
    assert not ours.active
    mapping_actions.choose_listed(connection, ours, other.remote_id, seen=None, by=clara)
    ours.refresh_from_db()
    assert ours.active  # new entries may name it
    directory_sync.fetch(connection.pk)
    ours.refresh_from_db()
    assert ours.active
