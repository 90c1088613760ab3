"""All that the sandbox holds: companies, applications, users, tokens, settings, faults, the log of calls."""

import random
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any

from conta_azul_sandbox.clock import Clock
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.faults import Fault
from conta_azul_sandbox.ids import Ids
from conta_azul_sandbox.limits import RateLimit
from conta_azul_sandbox.model import User
from conta_azul_sandbox.settings import Settings
from conta_azul_sandbox.tokens import Application, Grant, Tokens

DEMO_CLIENT, DEMO_SECRET = "alcada-demo", "alcada-demo-secret"
DEMO_REDIRECTS = (
    "http://localhost:8000/connections/callback",
    "http://127.0.0.1:8000/connections/callback",
)
KEPT_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class CallRecord:
    time: float
    company: str | None
    method: str
    path: str
    query: str
    status: int | None  # None: the caller never saw one
    fault: str | None


class World:
    def __init__(self, settings: Settings, demo_redirects: tuple[str, ...] = DEMO_REDIRECTS) -> None:
        self.start_settings = settings
        self.demo_redirects = demo_redirects
        self.clock = Clock()
        self.clear()

    def clear(self) -> None:
        """Back to nothing but the demo's application and the settings of the start."""
        self.settings = replace(self.start_settings)
        self.clock.offset = 0
        self.ids = Ids(random.SystemRandom())
        self.companies: dict[str, Company] = {}
        self.users: dict[str, User] = {}
        self.applications: dict[str, Application] = {}
        self.register(Application(DEMO_CLIENT, DEMO_SECRET, list(self.demo_redirects), demo=True))
        self.tokens = Tokens()
        self.signed_in: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.limits: dict[str, RateLimit] = {}
        self.calls: deque[CallRecord] = deque(maxlen=KEPT_CALLS)
        self.counts: Counter[tuple[str, int | None, str | None]] = Counter()
        self.changed = True

    def register(self, application: Application) -> None:
        application.check()
        self.applications[application.client_id] = application
        self.changed = True

    def limit(self, company_id: str) -> RateLimit:
        return self.limits.setdefault(company_id, RateLimit())

    def record(self, record: CallRecord) -> None:
        self.calls.append(record)
        self.counts[record.method, record.status, record.fault] += 1

    def user_of(self, company_id: str) -> User:
        """The company's own ERP user: registered before the bookkeeper who sees all companies."""
        return next(user for user in self.users.values() if company_id in user.companies)

    def ready_code(self, company_id: str, client_id: str, redirect_uri: str | None = None) -> dict[str, Any]:
        """A code as if somebody had just signed in and consented; ValueError when that could not happen."""
        application = self.applications.get(client_id)
        if application is None or company_id not in self.companies:
            raise ValueError("Unknown application or company")
        address = redirect_uri or application.redirect_uris[0]
        if address not in application.redirect_uris:
            raise ValueError(f"Not a registered redirect address: {address}")
        user = self.user_of(company_id)
        expires_at = self.clock.now() + self.settings.code_seconds
        code = self.tokens.new_code(Grant(company_id, client_id, user.email, expires_at, address))
        self.changed = True
        return {"code": code, "redirect_uri": address, "client_id": client_id}
