"""/_sandbox/…: how tests, benches and demos steer the sandbox."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aiohttp import web

from conta_azul_sandbox import acts, populate
from conta_azul_sandbox.clock import local_date, utc_text
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.errors import ApiError
from conta_azul_sandbox.faults import read_rules
from conta_azul_sandbox.model import PAYABLE, RECEIVABLE, Event
from conta_azul_sandbox.money import with_floats
from conta_azul_sandbox.shapes import entries, registers
from conta_azul_sandbox.world import DEMO_CLIENT, World

Answer = dict[str, Any] | list[Any]


class Control:
    def __init__(self, world: World) -> None:
        self.world = world
        self._posts: dict[str, Callable[[Any], Answer]] = {
            "reset": self.reset,
            "act": self.act,
            "faults": self.set_faults,
            "settings": self.change_settings,
            "clock": self.move_clock,
            "applications": self.register,
            "codes": self.new_code,
        }
        self._gets: dict[str, Callable[[dict[str, str]], Answer]] = {
            "state": self.state,
            "calls": self.calls,
            "faults": lambda _query: self.faults(),
            "settings": lambda _query: self.world.settings.as_dict(),
            "clock": lambda _query: self.clock(),
            "applications": lambda _query: populate.describe_applications(self.world),
            "companies": lambda _query: populate.describe(self.world),
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        name = request.path.removeprefix("/_sandbox/")
        try:
            if request.method == "GET" and name in self._gets:
                return _json(200, self._gets[name](dict(request.query)))
            if request.method == "POST" and name in self._posts:
                document = json.loads(await request.read() or b"{}", parse_float=Decimal)
                if not isinstance(document, list if name == "faults" else dict):
                    raise ValueError(f"{name} takes a JSON {'list' if name == 'faults' else 'object'}")
                self.world.changed = True
                return _json(200, self._posts[name](document))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"{error.args[0]} is missing or unknown" if isinstance(error, KeyError) else str(error)
            return _json(400, {"error": text})
        except ApiError as refusal:
            return _json(refusal.status, {"error": refusal.message})
        known = {"GET": sorted(self._gets), "POST": sorted(self._posts)}
        return _json(
            404, {"error": f"{request.method} {request.path} is not part of the control API", "known": known}
        )

    def reset(self, wish: Any) -> Answer:
        return populate.reset(self.world, wish)

    def act(self, wish: Any) -> Answer:
        return acts.act(self.world, wish)

    def set_faults(self, rules: Any) -> Answer:
        """Replaces all rules."""
        self.world.faults = read_rules(with_floats(rules))
        return self.faults()

    def faults(self) -> Answer:
        return [fault.shown() for fault in self.world.faults]

    def change_settings(self, changes: Any) -> Answer:
        self.world.settings.change(with_floats(changes))
        return self.world.settings.as_dict()

    def move_clock(self, wish: Any) -> Answer:
        self.world.clock.advance(float(wish["advance_seconds"]))
        return self.clock()

    def clock(self) -> Answer:
        now = self.world.clock.now()
        return {"now": utc_text(now), "offset_seconds": self.world.clock.offset, "time": now}

    def register(self, wish: Any) -> Answer:
        self.world.register(populate.read_application(wish))
        return populate.describe_applications(self.world)

    def new_code(self, wish: Any) -> Answer:
        return self.world.ready_code(
            str(wish["company"]), wish.get("client_id") or DEMO_CLIENT, wish.get("redirect_uri")
        )

    def state(self, query: dict[str, str]) -> Answer:
        wanted = query.get("company")
        today = local_date(self.world.clock.now())
        companies = [each for each in self.world.companies.values() if wanted in (None, each.id)]
        return {"companies": [company_state(company, today) for company in companies]}

    def calls(self, query: dict[str, str]) -> Answer:
        """All calls, oldest first; ?summary=1 counts them; ?company= and ?path= pick."""
        if query.get("summary"):
            counts = [
                {"method": method, "status": status, "fault": fault, "count": count}
                for (method, status, fault), count in self.world.counts.items()
            ]
            return {"total": sum(self.world.counts.values()), "counts": counts}
        company, path = query.get("company"), query.get("path")
        return [
            {
                "time": utc_text(each.time),
                "at": each.time,
                "company": each.company,
                "method": each.method,
                "path": each.path,
                "query": each.query,
                "status": each.status,
                "fault": each.fault,
            }
            for each in self.world.calls
            if company in (None, each.company) and path in (None, each.path)
        ]


def company_state(company: Company, today: str) -> dict[str, Any]:
    return {
        "id": company.id,
        "document": company.document,
        "name": company.legal_name,
        "trade_name": company.trade_name,
        "plan_status": company.plan_status,
        "payables": [_entry_state(each, company, today) for each in company.of_kind(PAYABLE)],
        "receivables": [_entry_state(each, company, today) for each in company.of_kind(RECEIVABLE)],
        "people": [registers.person_row(each, with_address=True) for each in company.people.values()],
        "cost_centres": [registers.cost_centre(each) for each in company.cost_centres.values()],
        "categories": [registers.category(each) for each in company.categories.values() if each.active],
        "bank_accounts": [registers.account(each) for each in company.accounts.values()],
    }


def _entry_state(event: Event, company: Company, today: str) -> dict[str, Any]:
    """The entry as its creation answers it, and each instalment as its own read shows it."""
    shown = entries.created(event, today)
    shown["parcelas"] = [entries.instalment(event, each, company, today) for each in event.instalments]
    shown["criado_manualmente"] = event.by_hand
    return shown


def _json(status: int, document: Answer) -> web.Response:
    text = json.dumps(document)
    return web.Response(status=status, text=text, content_type="application/json")
