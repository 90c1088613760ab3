"""What every test stands on: a database of its own, the cast, the sandbox, a browser.

The process that pytest starts makes the installation (a temporary ALCADA_HOME with its PostgreSQL) before Django's
settings are read; the workers of `-n` inherit its environment. With DATABASE_URL set, that server is used.
"""

import atexit
import itertools
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cast import PASSWORD, make_person

HEAVY = re.compile("tests/(acceptance|browser|machine)/")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

    from alcada.people.models import Company, User
    from conta_azul_sandbox.testing import RunningSandbox

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-software-rasterizer",
    "--disable-gpu-compositing",
    "--disable-lcd-text",
    "--num-raster-threads=1",
    "--disable-dev-shm-usage",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]


def _make_installation() -> None:
    home = Path(tempfile.mkdtemp(prefix="alcada-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)  # before the server's own: so it runs after it
    (home / "static").mkdir()  # WhiteNoise warns where there is none
    os.environ["ALCADA_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "alcada.config.settings"
    # No test reaches the real service: what forgets to name the sandbox finds a closed door.
    for name in ("API", "AUTH", "TOKEN"):
        os.environ[f"ALCADA_CONTA_AZUL_{name}_URL"] = "http://127.0.0.1:9"
    # Playwright keeps an event loop in the thread that runs the test; Django would take the test for asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if not os.environ.get("DATABASE_URL"):
        from alcada.config import database

        # A thousand tests commit, and none asks what is left after a power cut.
        database.SERVER_SETTINGS.update(fsync="off", full_page_writes="off")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where it keeps its lock file is not our concern
            os.environ["DATABASE_URL"] = database.start(home / "postgres")


if "PYTEST_XDIST_WORKER" not in os.environ:
    _make_installation()


def pytest_configure() -> None:
    """pytest-django looked for the settings before this file named them."""
    import django

    django.setup()
    from django.db import connections

    # Threads of a pool would keep their connections open, and a test database in use can't be dropped.
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hashing that is slow on purpose would be most of the tests' time."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _own_transaction_of_a_page() -> Iterator[None]:
    """A page that records history outside a transaction fails here too: the test's own one would hide it."""
    from django.db import connection
    from django.test.client import ClientHandler

    from alcada.history import actions

    asked: list[object] = []

    def of_the_page() -> bool:
        blocks = connection.atomic_blocks
        return any(not block._from_testcase for block in blocks) if asked else bool(blocks)

    answer = ClientHandler.__call__

    def within(handler: ClientHandler, environ: dict[str, Any]) -> Any:
        asked.append(environ)
        try:
            return answer(handler, environ)
        finally:
            asked.pop()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(actions, "_in_transaction", of_the_page)
        patched.setattr(ClientHandler, "__call__", within)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_emptying() -> Iterator[None]:
    """After a test that committed, only what holds rows is emptied; what Django makes of its models stays.

    Truncating a hundred tables and making content types and permissions anew took longer than most tests do.
    """
    from django.test import TransactionTestCase

    usual, turns = TransactionTestCase._fixture_teardown, itertools.count(1)

    def empty(case: TransactionTestCase) -> None:
        # Now and then as ever: what was deleted stays in the tables' way.
        if next(turns) % 25 == 0 or not _emptied():
            usual(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def _emptied() -> bool:
    """False where the server does not let us pass by the guards of what is append-only."""
    from django.db import connection, transaction

    made_by_django = {"django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return False
        tables = set(connection.introspection.django_table_names(only_existing=True)) - made_by_django
        one_of_each = (f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in tables)  # noqa: S608  (our own tables)
        cursor.execute(" UNION ALL ".join(one_of_each))
        filled = [name for (name,) in cursor.fetchall()]
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in filled:
                cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608  (as above)
    return True


# --- The cast ------------------------------------------------------------------------------------------------


@pytest.fixture
def company(db: None) -> "Company":
    from alcada.people.models import Company

    return Company.objects.create(name="Padaria Aurora Ltda", document="11222333000181")


@pytest.fixture
def other_company(db: None) -> "Company":
    from alcada.people.models import Company

    return Company.objects.create(name="Oficina Horizonte Ltda", document="12ABC34501DE35")


@pytest.fixture
def ana(company: "Company") -> "User":
    """Enters."""
    return make_person("Ana Souza", company, "requester")


@pytest.fixture
def bruno(company: "Company") -> "User":
    """Approves."""
    return make_person("Bruno Lima", company, "approver")


@pytest.fixture
def clara(company: "Company") -> "User":
    """Administers the company, not the installation."""
    return make_person("Clara Mendes", company, "administrator")


@pytest.fixture
def carla(other_company: "Company") -> "User":
    """Belongs to another company, with every role there, and must see nothing of ours."""
    return make_person("Carla Dias", other_company, "requester", "approver", "administrator")


@pytest.fixture
def installer(db: None) -> "User":
    """Administers the installation and has no role in any company."""
    from alcada.people.models import User

    return User.objects.create_user(
        email="ines@exemplo.com.br", name="Inês Prado", password=PASSWORD, is_administrator=True
    )


# --- The sandbox ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def running_sandbox() -> "Iterator[RunningSandbox]":
    from conta_azul_sandbox.testing import RunningSandbox

    with RunningSandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: "RunningSandbox", settings: Any) -> "RunningSandbox":
    """The stand-in for Conta Azul, empty, with the product pointed at it."""
    settings.CONTA_AZUL_API_URL = running_sandbox.url
    settings.CONTA_AZUL_AUTH_URL = f"{running_sandbox.url}/oauth2/authorize"
    settings.CONTA_AZUL_TOKEN_URL = f"{running_sandbox.url}/oauth2/token"
    running_sandbox.reset()
    return running_sandbox


# --- The browser ---------------------------------------------------------------------------------------------


def _chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), "")
    if not found:
        pytest.fail("No browser: scripts/browser finds or installs one; set CHROMIUM to what it prints.")
    return found


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One per file: while Playwright runs, its event loop does too, and no other test could start one of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def live(live_server: "LiveServer") -> str:
    """The address of a real server on the test's database."""
    return str(live_server.url)


def _page(browser: "Browser", live: str, width: int, height: int) -> "Iterator[Page]":
    context: BrowserContext = browser.new_context(
        locale="pt-BR",
        timezone_id="America/Sao_Paulo",
        viewport={"width": width, "height": height},
        base_url=live,
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if _is_ours(said.type, said.text) else None)
    yield page
    context.close()
    assert not wrong, wrong


def _is_ours(kind: str, text: str) -> bool:
    """An answer such as 404 or 422 is logged as an error too, and tests ask for those."""
    return kind == "error" and "Failed to load resource" not in text


@pytest.fixture
def page(browser: "Browser", live: str) -> "Iterator[Page]":
    """A desk: 1280 pixels wide, in Portuguese. Errors in the console, the content policy's too, fail the test."""
    yield from _page(browser, live, 1280, 800)


@pytest.fixture
def phone(browser: "Browser", live: str) -> "Iterator[Page]":
    """A phone: 390 pixels wide."""
    yield from _page(browser, live, 390, 844)


# --- The order -----------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start processes and browsers, among those that wait for answers: no worker is left alone with the
    long ones in the end, as pytest-django's order leaves it, and they don't all want the processors at once."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    heavy = sorted(name for name in files if HEAVY.match(name))
    light = [name for name in files if not HEAVY.match(name)]
    each = len(light) // (len(heavy) or 1)
    order = [name for at, one in enumerate(heavy) for name in (one, *light[at * each : (at + 1) * each])]
    items[:] = [item for name in (*order, *light[len(heavy) * each :]) for item in files[name]]
