"""Clara confirms an account's mapping, looks for a vendor there and answers what a posting asks, in a real browser."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from playwright.sync_api import expect
from stories import Account, approved, connect, post

from alcada.connections import directory_sync
from alcada.directory.models import Category, Counterpart
from alcada.posting.models import Posting, State

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def account(live: str, settings: Any, sandbox: Any, company: Any, clara: Any) -> Account:
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    return connect(company, sandbox, by=clara)


@pytest.mark.parametrize("where", ["page", "phone"])
def test_the_mapping_is_confirmed_and_a_question_answered(
    where: str,
    account: Account,
    sandbox: Any,
    live: str,
    ana: Any,
    bruno: Any,
    clara: Any,
    request: pytest.FixtureRequest,
) -> None:
    page: Page = request.getfixturevalue(where)
    rent = Category.objects.get(company=account.connection.company, name="Aluguel")
    remote = Counterpart.objects.get(category=rent).remote_id
    sandbox.act(account.remote["id"], "rename", category=remote, name="Aluguéis")
    directory_sync.fetch(account.pk)
    for _ in range(2):
        person = {"nome": "Papelaria Aurora Ltda", "documento": None, "perfis": ["Fornecedor"]}
        sandbox.act(account.remote["id"], "add", kind="person", entry=person)
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    with ThreadPoolExecutor(1) as beside:  # Playwright has an event loop of its own in this thread
        beside.submit(post, account).result()

    sign_in(page, clara, live)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live}])
    page.goto(f"/connections/{account.pk}")
    page.get_by_role("link", name="1 changed there").click()
    expect(page.get_by_text("was: Aluguel")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Confirm Aluguéis").press("Enter")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.goto(f"/connections/{account.pk}/mapping?kind=category")
    page.get_by_role("button", name="that leave no doubt").click()
    expect(page.get_by_text("are confirmed.")).to_be_visible()
    assert not Counterpart.objects.filter(category__isnull=False, confirmed_at=None).exists()

    page.goto(f"/connections/{account.pk}/mapping?kind=party")
    expect(page.get_by_role("link", name="A posting waits for the answer")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Choose for Papelaria Aurora Ltda").click()
    assert_good(page)
    page.get_by_label("Look in Conta Azul").fill("aurora")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("button", name="It is this one")).to_have_count(2)
    assert_good(page)

    page.goto(f"/entries/{posting.entry_id}")
    assert_good(page)
    page.locator("input[name=candidate]").first.check()
    page.get_by_role("button", name="It is this one").click()
    expect(page.get_by_text("1 posting goes on.")).to_be_visible()
    assert Posting.objects.get().state in (State.QUEUED, State.SENDING, State.POSTED)
