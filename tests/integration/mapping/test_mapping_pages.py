"""The mapping's page: what is sure is confirmed at once, the rest singly; two people do not overwrite each other."""

from typing import Any

import pytest
from django.test import Client
from integration.routing.offices import open_entities
from stories import Account

from alcada.connections import directory_sync, mapping, mapping_actions
from alcada.connections.mapping_actions import ChangedMeanwhileError
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import Category, CostCentre, Counterpart
from alcada.history.queries import of

DOCUMENT = "11222333000181"


def row_of(account: Account, **named: Any) -> Counterpart:
    return Counterpart.objects.get(connection=account.connection, **named)


def page(client: Client, account: Account, **query: str) -> str:
    answer = client.get(f"/connections/{account.pk}/mapping", query)
    assert answer.status_code == 200
    return answer.content.decode()


def line(account: Account, ours: Any, profile: str = "") -> mapping.Line:
    kind = next(kind for kind in mapping.KINDS if isinstance(ours, mapping.model_of(kind)))
    found = mapping.lines(account.connection, kind, [ours])
    return next(one for one in found if one.profile == profile)


def test_what_the_fetch_matched_works_and_says_that_nobody_confirmed_it(
    account: Account, clara: Any, as_: Any
) -> None:
    shown = page(as_(clara), account, q="Aluguel")
    assert "Aluguel" in shown
    assert "Not confirmed" in shown
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    assert row_of(account, category=rent).active
    assert row_of(account, category=rent).remote_id in shown


def test_all_that_is_sure_is_confirmed_at_once(account: Account, clara: Any, as_: Any) -> None:
    client, address = as_(clara), f"/connections/{account.pk}/mapping/sure"
    mapped = Counterpart.objects.filter(connection=account.connection, category__isnull=False)
    assert client.post(address, {"kind": "category"}).status_code == 302
    assert not mapped.filter(confirmed_at=None).exists()
    assert set(mapped.values_list("confirmed_by", flat=True)) == {clara.pk}
    told = of(account.connection).get(event="mapping.confirmed_sure")
    assert told.data["count"] == mapped.count() == len(told.data["pairs"])
    assert "Confirm the" not in page(client, account)


def test_a_rename_there_takes_a_confirmation_again(
    account: Account, sandbox: Any, clara: Any, as_: Any
) -> None:
    client = as_(clara)
    client.post(f"/connections/{account.pk}/mapping/sure", {"kind": "category"})
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    row = row_of(account, category=rent)
    stale = mapping.seen(row)
    sandbox.act(account.remote["id"], "rename", category=row.remote_id, name="Aluguéis")
    directory_sync.fetch(account.pk)
    shown = page(client, account, which="look")
    assert "Renamed there" in shown
    assert "was: Aluguel" in shown
    assert 'data-tone="yellow">1' in shown
    address = f"/connections/{account.pk}/mapping/category/{rent.pk}/confirm"
    # Whoever looked at it before the rename is told, and confirms nothing.
    answer = client.post(address, {"seen": stale}, follow=True)
    assert "changed meanwhile" in answer.content.decode()
    row.refresh_from_db()
    assert row.renamed_from == "Aluguel"
    client.post(address, {"seen": mapping.seen(row)})
    row.refresh_from_db()
    assert row.renamed_from == ""
    assert "Renamed there</span>" not in page(client, account, q="Alugu")


def test_another_of_theirs_is_chosen_and_stays_chosen(account: Account, clara: Any, as_: Any) -> None:
    client = as_(clara)
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    other = Category.objects.filter(company=rent.company, kind=rent.kind).exclude(pk=rent.pk).first()
    assert other
    wanted, before = row_of(account, category=other).remote_id, row_of(account, category=rent)
    address = f"/connections/{account.pk}/mapping/category/{rent.pk}"
    assert wanted in client.get(address, {"q": other.name}).content.decode()
    assert client.post(address, {"remote_id": wanted, "seen": mapping.seen(before)}).status_code == 302
    # The second, who looked at the same page, is told.
    answer = client.post(address, {"remote_id": before.remote_id, "seen": mapping.seen(before)}, follow=True)
    assert "changed meanwhile" in answer.content.decode()
    count = Category.objects.count()
    directory_sync.fetch(account.pk)
    row = row_of(account, category=rent)
    assert (row.remote_id, row.match, row.confirmed_by) == (wanted, "chosen", clara)
    assert Category.objects.count() == count  # what it was mapped to before is not made ours again
    rent.refresh_from_db()
    assert rent.name == "Aluguel"


def test_a_category_of_the_other_kind_can_not_be_chosen(account: Account, clara: Any, as_: Any) -> None:
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    sale = Category.objects.filter(company=rent.company, kind="receivable").first()
    row = row_of(account, category=rent)
    answer = as_(clara).post(
        f"/connections/{account.pk}/mapping/category/{rent.pk}",
        {"remote_id": row_of(account, category=sale).remote_id, "seen": mapping.seen(row)},
    )
    assert answer.status_code == 422
    assert row_of(account, category=rent).remote_id == row.remote_id


def test_what_was_taken_away_is_not_used_nor_matched_again(account: Account, clara: Any, as_: Any) -> None:
    client = as_(clara)
    shop = CostCentre.objects.get(company=account.connection.company, name="Loja")
    row = row_of(account, cost_centre=shop)
    address = f"/connections/{account.pk}/mapping/cost_centre/{shop.pk}/remove"
    assert client.post(address, {"seen": mapping.seen(row)}).status_code == 302
    directory_sync.fetch(account.pk)
    row.refresh_from_db()
    assert not row.active
    assert row.removed_at
    assert line(account, shop).state == "removed"
    assert line(account, shop).suggestion is None
    assert of(account.connection).filter(event="mapping.removed").exists()
    assert CostCentre.objects.filter(company=shop.company, name="Loja").count() == 1


def test_ours_that_an_account_lacks_is_suggested_by_code_and_by_name(
    account: Account, sandbox: Any, clara: Any
) -> None:
    company = account.connection.company
    remote = account.remote["id"]
    for name, code in (("Obras", "77"), ("Matriz São Paulo", "")):
        sandbox.act(remote, "add", kind="cost_centre", entry={"nome": name, "codigo": code})
    directory_sync.fetch(account.pk)
    CostCentre.objects.filter(company=company, name="Obras").update(name="X", normalised_name="x", code="")
    CostCentre.objects.filter(company=company, name="Matriz São Paulo").update(name="Y", normalised_name="y")
    Counterpart.objects.filter(remote_name__in=["Obras", "Matriz São Paulo"]).update(
        active=False, remote_id="elsewhere"
    )
    by_code = save_cost_centre(company, name="Construção", code="77")
    by_name = save_cost_centre(company, name="MATRIZ SAO PAULO")
    found = {one.pk: line(account, one).suggestion for one in (by_code, by_name)}
    assert [(s.why, s.sure) if s else None for s in found.values()] == [("code", True), ("name", True)]
    assert mapping_actions.confirm_sure(account.connection, "cost_centre", by=clara) >= 2
    for one in (by_code, by_name):
        assert line(account, one).state == "confirmed"


def test_a_vendor_is_looked_for_in_the_account_and_never_one_with_another_document(
    account: Account, sandbox: Any, clara: Any, as_: Any
) -> None:
    client, remote = as_(clara), account.remote["id"]
    party = save_party(account.connection.company, name="Aurora Papéis", document=DOCUMENT, is_vendor=True)
    rows = {
        "same": {"nome": "Aurora Papéis Ltda", "documento": None, "perfis": ["Cliente"]},
        "other": {"nome": "Aurora Papéis", "documento": "00000000000191", "perfis": ["Fornecedor"]},
    }
    ids = {key: sandbox.act(remote, "add", kind="person", entry=row)["id"] for key, row in rows.items()}
    choose = f"/connections/{account.pk}/mapping/party/{party.pk}"
    found = client.post(f"{choose}/find", {"q": "Aurora", "profile": "Fornecedor"}).content.decode()
    found = client.post(
        f"/connections/{account.pk}/mapping/party/{party.pk}/find", {"q": "Aurora"}
    ).content.decode()
    assert ids["same"] in found
    assert ids["other"] not in found
    chosen = {"profile": "Fornecedor", "seen": "none"}
    refused = client.post(choose, {**chosen, "remote_id": ids["other"]})
    assert refused.status_code == 422
    assert "is another one" in refused.content.decode()
    assert not Counterpart.objects.filter(party=party).exists()
    assert client.post(choose, {**chosen, "remote_id": ids["same"]}).status_code == 302
    row = row_of(account, party=party)
    assert (row.remote_id, row.profile, row.trouble) == (ids["same"], "Fornecedor", "profile")


def test_only_the_company_s_administrators_see_and_change_it(
    account: Account, bruno: Any, carla: Any, as_: Any
) -> None:
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    row = row_of(account, category=rent)
    base = f"/connections/{account.pk}/mapping"
    for user, status in ((bruno, 403), (carla, 404)):
        client = as_(user)
        assert client.get(base).status_code == status
        assert client.get(f"{base}/category/{rent.pk}").status_code == status
        for address in (
            f"{base}/sure",
            f"{base}/new-vendors",
            f"{base}/category/{rent.pk}/confirm",
            f"{base}/category/{rent.pk}/remove",
            f"{base}/category/{rent.pk}",
            f"{base}/party/1/find",
        ):
            data = {"seen": mapping.seen(row), "kind": "category", "hold": "1", "remote_id": row.remote_id}
            assert client.post(address, data).status_code == status, address
    row.refresh_from_db()
    assert row.confirmed_at is None


def test_a_thing_of_another_company_is_not_there(account: Account, clara: Any, carla: Any, as_: Any) -> None:
    foreign = save_cost_centre(carla.memberships.first().company, name="Alheio")
    base = f"/connections/{account.pk}/mapping/cost_centre/{foreign.pk}"
    assert as_(clara).get(base).status_code == 404
    assert as_(clara).post(f"{base}/confirm", {"seen": "none"}).status_code == 404


def test_a_second_account_s_differently_written_name_is_the_same_category(
    transactional_db: None, sandbox: Any
) -> None:
    wanted = {("Padaria Aurora Ltda", DOCUMENT): ["Matriz", "Loja"]}
    (entity,) = open_entities(sandbox, wanted, fetch=False)
    second = f"{DOCUMENT}-1"
    rent = next(row["id"] for row in sandbox.books(second)["categories"] if row["nome"] == "Aluguel")
    sandbox.act(second, "rename", category=rent, name="ALUGUEL")
    for account in entity.accounts.values():
        directory_sync.fetch(account.pk)
    ours = Category.objects.get(company=entity.company, name__iexact="aluguel")
    row = Counterpart.objects.get(connection=entity.accounts["Loja"], category=ours)
    assert (row.remote_id, row.match, row.active) == (rent, "name", True)


def test_a_confirmation_of_what_nobody_sees_any_more_is_refused(account: Account, clara: Any) -> None:
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    with pytest.raises(ChangedMeanwhileError):
        mapping_actions.confirm(account.connection, rent, seen="none", by=clara)
