"""Vendors, customers and cost centres that are, or are not, in the account yet."""

from typing import Any

from stories import Account, approved, books, come_due, post

from alcada.posting.models import Posting, State

DOCUMENT = "11222333000181"


def named(sandbox: Any, account: Account, name: str) -> list[dict[str, Any]]:
    return [p for p in books(sandbox, account.connection.company.document)["people"] if p["nome"] == name]


def there_already(
    sandbox: Any, account: Account, *, name: str, document: str, profile: str = "Fornecedor"
) -> None:
    """Somebody has put this person into the account by hand."""
    person = {"nome": name, "documento": document or None, "perfis": [profile]}
    sandbox.act(account.remote["id"], "add", kind="person", entry=person)


def test_twenty_postings_that_name_one_new_vendor_make_one(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.settings(latency_ms=30)  # so that they do meet
    for number in range(20):
        approved(account.connection.company, ana=ana, bruno=bruno, document_number=f"NF {number}")
    post(account)
    assert len(named(sandbox, account, "Papelaria Aurora Ltda")) == 1
    there = books(sandbox, account.connection.company.document)
    assert len(there["payables"]) == 20
    assert len([c for c in there["cost_centres"] if c["nome"] == "Administração"]) == 1
    assert set(Posting.objects.values_list("state", flat=True)) == {State.POSTED}


def test_a_known_vendor_costs_no_call(account: Account, sandbox: Any, ana: Any, bruno: Any) -> None:
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    before = len(sandbox.calls())
    approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)
    assert [call["method"] for call in sandbox.calls()[before:]] == ["POST"]


def test_a_person_with_the_document_gets_the_missing_profile(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    there_already(sandbox, account, name="AURORA PAPELARIA", document=DOCUMENT, profile="Cliente")
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    (person,) = [
        p for p in books(sandbox, account.connection.company.document)["people"] if p["documento"] == DOCUMENT
    ]
    assert sorted(person["perfis"]) == ["Cliente", "Fornecedor"]
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    assert entry["id_fornecedor"] == person["id"]


def test_the_same_name_with_another_document_is_another_vendor(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    there_already(sandbox, account, name="Papelaria Aurora Ltda", document="00000000000191")
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    assert len(named(sandbox, account, "Papelaria Aurora Ltda")) == 2


def test_a_name_matches_where_theirs_has_no_document(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    there_already(sandbox, account, name="PAPELARIA AURORA LTDA.", document="")
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    (person,) = named(sandbox, account, "PAPELARIA AURORA LTDA.")
    assert entry["id_fornecedor"] == person["id"]


def test_several_candidates_go_to_a_person(account: Account, sandbox: Any, ana: Any, bruno: Any) -> None:
    for _ in range(2):
        there_already(sandbox, account, name="Papelaria Aurora Ltda", document="")
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "party_ambiguous")
    assert not books(sandbox, account.connection.company.document)["payables"]


def test_a_vendor_whose_creation_may_have_arrived_is_found_and_not_made_twice(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.faults({"method": "POST", "path": "/v1/pessoas", "kind": "drop_after", "count": 1})
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.QUEUED, "person_unknown")
    come_due(account)
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.POSTED
    assert len(named(sandbox, account, "Papelaria Aurora Ltda")) == 1
