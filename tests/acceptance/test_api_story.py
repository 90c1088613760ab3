"""The main job by programs alone, over real HTTP: entered by a service, approved by a token, posted, read back."""

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from running import alcada, environment, until
from stories import Account, books

from alcada.approval.models import Decision
from alcada.people.models import Company, Role, User
from alcada.tokens import actions


@pytest.fixture
def account(transactional_db: None, settings: Any, sandbox: Any, company: Company, clara: User) -> Account:
    from stories import connect

    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    return connect(company, sandbox, by=clara)


@pytest.fixture
def worker(account: Account, sandbox: Any) -> Iterator[None]:
    process: subprocess.Popen[bytes] = alcada("worker", environment=environment(sandbox))
    yield
    process.terminate()
    process.wait()


def caller(live: str, text: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {text}", "Accept-Language": "en"}
    return httpx.Client(base_url=f"{live}/api/v1", headers=headers, timeout=30)


def test_a_bill_goes_its_way_by_api(
    live: str, account: Account, worker: None, company: Company, bruno: User, clara: User, sandbox: Any
) -> None:
    erp = actions.make_service(
        company,
        name="ERP",
        roles=[Role.REQUESTER],
        scopes=["entries:read", "entries:write", "directory:read", "postings:read", "history:read"],
        days=30,
        by=clara,
    )
    phone = actions.make_personal(bruno, name="Telefone", scopes=["entries:read", "decisions:write"], days=30)
    with caller(live, erp.text) as program, caller(live, phone.text) as approver:
        category = program.get("/categories", params={"kind": "payable", "active": True}).json()["items"][0]
        body = {
            "company": company.pk,
            "kind": "payable",
            "new_party": {"name": "Gráfica Alfa Ltda", "document": "19131243000197"},
            "description": "Cardápios",
            "document_number": "NF 4711",
            "amount": "1234.56",
            "splits": [{"category": category["id"]}],
            "instalments": [{"due_date": "2027-01-31"}],
        }
        key = {"Idempotency-Key": "erp-4711"}
        made = program.post("/entries", json=body, headers=key)
        assert made.status_code == 201, made.text
        assert program.post("/entries", json=body, headers=key).json() == made.json()
        entry = made.json()
        sent = program.post(f"/entries/{entry['id']}/submit", json={"version": entry["version"]})
        assert (sent.status_code, sent.json()["status"]) == (200, "round.open"), sent.text

        (asked,) = approver.get("/inbox").json()["items"]
        answer = {"verdict": "approve", "revision_hash": asked["revision_hash"]}
        assert program.post(f"/inbox/{asked['id']}/decision", json=answer).status_code == 403
        decided = approver.post(f"/inbox/{asked['id']}/decision", json=answer)
        assert (decided.status_code, decided.json()["entry_status"]) == (200, "approved"), decided.text
        assert Decision.objects.get().by == bruno

        def posting() -> dict[str, Any]:
            found: dict[str, Any] = program.get("/postings", params={"entry": entry["id"]}).json()["items"][0]
            return found

        until(lambda: posting()["state"] == "posted", "posted", 30)
        posted = posting()
        (standing,) = books(sandbox, company.document)["payables"]
        assert standing["referencia_externa"] == posted["reference"]
        assert standing["valor"] == 1234.56
        assert [part["data_vencimento"] for part in standing["parcelas"]] == ["2027-01-31"]
        assert program.get(f"/entries/{entry['id']}").json()["status"] == "posting.posted"
        lines = program.get(f"/entries/{entry['id']}/history", params={"limit": 200}).json()
        assert lines["items"][-1]["hash"] == lines["chain"]["head"]
        assert "posting.posted" in [line["event"] for line in lines["items"]]
