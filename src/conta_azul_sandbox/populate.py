"""What a reset does: an empty world, companies, users, applications, ready codes."""

from dataclasses import replace
from typing import Any

from conta_azul_sandbox.clock import Clock
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.defaults import Maker, slug
from conta_azul_sandbox.model import User
from conta_azul_sandbox.shapes import registers
from conta_azul_sandbox.tokens import Application
from conta_azul_sandbox.world import DEMO_CLIENT, World

BOOKKEEPER, PORTAL_USER, PASSWORD = "contador@sandbox.example", "portal@sandbox.example", "sandbox"
RESET_KEYS = {"companies", "seed", "applications", "settings"}


def reset(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Start over; ValueError when the wish makes no sense."""
    unknown = set(wish) - RESET_KEYS
    if unknown:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(RESET_KEYS))}")
    # All is made before anything is thrown away: a wish that is refused leaves the world as it was.
    settings = replace(world.start_settings)
    settings.change(wish.get("settings") or {})
    applications = [read_application(row) for row in wish.get("applications") or []]
    maker = Maker(int(wish.get("seed", 1)), Clock().now())
    companies = [maker.company(each) for each in _company_wishes(wish.get("companies", 1))]
    if len({each.id for each in companies}) < len(companies):
        raise ValueError("Two companies have the same id")
    world.clear()
    world.settings = settings
    for application in applications:
        world.register(application)
    for company in companies:
        _add_company(world, company)
    _add_shared_users(world)
    return describe(world)


def _add_company(world: World, company: Company) -> None:
    world.companies[company.id] = company
    name = slug(company.trade_name)
    email = f"dono@{name}.example"
    if email in world.users:
        email = f"dono@{name}-{company.id}.example"
    world.users[email] = User(email, PASSWORD, [company.id])


def _add_shared_users(world: World) -> None:
    everything = list(world.companies)
    world.users[BOOKKEEPER] = User(BOOKKEEPER, PASSWORD, everything)
    world.users[PORTAL_USER] = User(PORTAL_USER, PASSWORD, everything, portal=True)


def read_application(row: Any) -> Application:
    if not isinstance(row, dict) or not row.get("client_id") or not row.get("redirect_uris"):
        raise ValueError("An application has client_id, client_secret and redirect_uris")
    secret, addresses = str(row.get("client_secret", "")), [str(each) for each in row["redirect_uris"]]
    application = Application(str(row["client_id"]), secret, addresses, demo=bool(row.get("demo", False)))
    application.check()
    return application


def describe(world: World) -> dict[str, Any]:
    """Companies with a ready code each, the applications, the settings."""
    companies = [_describe_company(world, company) for company in world.companies.values()]
    applications = describe_applications(world)["applications"]
    return {"companies": companies, "applications": applications, "settings": world.settings.as_dict()}


def describe_applications(world: World) -> dict[str, Any]:
    applications = [
        {
            "client_id": each.client_id,
            "client_secret": each.client_secret,
            "redirect_uris": each.redirect_uris,
            "demo": each.demo,
        }
        for each in world.applications.values()
    ]
    return {"applications": applications}


def _describe_company(world: World, company: Company) -> dict[str, Any]:
    user = world.user_of(company.id)
    return {
        "id": company.id,
        "document": company.document,
        "name": company.legal_name,
        "trade_name": company.trade_name,
        **world.ready_code(company.id, DEMO_CLIENT),
        "user": {"email": user.email, "password": user.password},
        "categories": [registers.category(each) for each in company.categories.values()],
        "bank_accounts": [registers.account(each) for each in company.accounts.values()],
        "cost_centres": [registers.cost_centre(each) for each in company.cost_centres.values()],
        "people": [registers.person_row(each, with_address=False) for each in company.people.values()],
    }


def _company_wishes(companies: Any) -> list[dict[str, Any]]:
    if isinstance(companies, int) and not isinstance(companies, bool) and companies > 0:
        return [{} for _ in range(companies)]
    if isinstance(companies, list) and companies and all(isinstance(each, dict) for each in companies):
        return companies
    raise ValueError("companies: a number from 1, or a list of objects")
