"""The one door that every request comes through: faults, tokens, plan gate, limits, then the route."""

import asyncio
from urllib.parse import parse_qs

from aiohttp import web

from conta_azul_sandbox import coverage
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.control import Control
from conta_azul_sandbox.errors import (
    ApiError,
    InvalidError,
    PlanBlockedError,
    TooManyError,
    UnauthorizedError,
    UnknownRouteError,
)
from conta_azul_sandbox.faults import Fault
from conta_azul_sandbox.limits import retry_after
from conta_azul_sandbox.routes import Router
from conta_azul_sandbox.strike import Work, carry_out, cut, cut_half_way
from conta_azul_sandbox.web.browser import Browser
from conta_azul_sandbox.web.token import TokenEndpoint
from conta_azul_sandbox.world import CallRecord, World

JSON = "application/json; charset=utf-8"
READING = ("GET", "HEAD")


class Door:
    def __init__(self, world: World) -> None:
        self.world = world
        self.router = Router()
        self.control = Control(world)
        self.browser = Browser(world)
        self.token = TokenEndpoint(world)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/_sandbox/"):
            return await self.control.handle(request)
        if path == "/oauth2/token":
            form = await self.token.read(request)
            return await self._struck(
                request,
                self.token.company(form),
                lambda _lag: self.token.answer(request, form),
                refreshing=form.get("grant_type") == "refresh_token",
            )
        if path.startswith("/v1/"):
            try:
                raw = await request.read() if request.can_read_body else b""
            except (
                ConnectionResetError
            ):  # whoever called is gone before the whole call was here: nothing happened
                return web.Response(status=400)
            company, refusal = self._company(request)
            return await self._struck(
                request, company, lambda lag: self._call(request, raw, company, refusal, lag)
            )
        return await self.browser.handle(request)

    async def _struck(
        self, request: web.BaseRequest, company: Company | None, work: Work, *, refreshing: bool = False
    ) -> web.StreamResponse:
        """Do the work, spoilt by the first fault that strikes, and write the call down."""
        fault = self._fault(request, company, refreshing)
        latency = self.world.settings.latency_ms / 1000
        if latency:
            await asyncio.sleep(latency)
        answer = await carry_out(self.world, request, company, fault, work)
        status = answer.status if answer is not None else None
        self._record(request, company, status, fault)
        if answer is None:
            return cut(request)
        if fault and fault.kind == "cut_body":
            return await cut_half_way(request, answer)
        return answer

    def _fault(self, request: web.BaseRequest, company: Company | None, refreshing: bool) -> Fault | None:
        company_id = company.id if company else None
        for fault in self.world.faults:
            if fault.strikes(request.method, request.path, company_id, refreshing=refreshing):
                return fault
        return None

    def _company(self, request: web.BaseRequest) -> tuple[Company | None, ApiError | None]:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self.world.tokens.access.get(token)
        if kind.lower() != "bearer" or grant is None:
            return None, UnauthorizedError("Unauthorized")
        company = self.world.companies.get(grant.company)
        if company is None or grant.expires_at <= self.world.clock.now():
            return company, UnauthorizedError()
        if grant.portal:
            return company, UnauthorizedError(
                "Acesso não autorizado: utilize o usuário e senha do ERP e tente novamente."
            )
        return company, None

    def _call(
        self,
        request: web.BaseRequest,
        raw: bytes,
        company: Company | None,
        refusal: ApiError | None,
        lag: float,
    ) -> web.Response:
        now = self.world.clock.now()
        try:
            if refusal or company is None:
                raise refusal or UnauthorizedError()
            return _response(self._route(request, raw, company, now, lag))
        except ApiError as error:
            body, content_type = error.body(request.path, now)
            return web.Response(
                status=error.status, body=body, content_type=content_type, headers=error.headers
            )

    def _route(self, request: web.BaseRequest, raw: bytes, company: Company, now: float, lag: float) -> Reply:
        settings, method, path = self.world.settings, request.method, request.path
        if company.plan_status != "ATIVO":
            raise PlanBlockedError(company.plan_status)  # before routing (§1.4)
        if settings.rate_limit:
            wait = self.world.limit(company.id).admit(now, settings)
            if wait is not None:
                raise TooManyError(retry_after(wait) if settings.retry_after_header else None)
        found = self.router.find(method, path)
        if found is None:
            raise _no_route(path)
        route, params = found
        query = parse_qs(request.query_string, keep_blank_values=True) if request.query_string else {}
        if settings.strict and not route.query.issuperset(query):
            unknown = ", ".join(sorted(set(query) - route.query))
            raise InvalidError(f"Parâmetro desconhecido: {unknown} (recusado pelo modo estrito do sandbox).")
        if method not in READING:
            self.world.changed = True
        return route.handler(Call(self.world, company, method, path, query, raw, now, lag, params))

    def _record(
        self, request: web.BaseRequest, company: Company | None, status: int | None, fault: Fault | None
    ) -> None:
        self.world.record(
            CallRecord(
                self.world.clock.now(),
                company.id if company else None,
                request.method,
                request.path,
                request.query_string,
                status,
                fault.kind if fault else None,
            )
        )


def _response(reply: Reply) -> web.Response:
    if reply.empty:
        return web.Response(status=reply.status)
    return web.Response(status=reply.status, body=reply.bytes(), headers={"Content-Type": JSON})


def _no_route(path: str) -> ApiError:
    why = coverage.not_simulated(path)
    if path.startswith("/v1/captura"):
        return ApiError("404 page not found", status=404, shape="text")
    if why:
        return ApiError(f"Not simulated by the sandbox: {why}", status=501, shape="error")
    return UnknownRouteError()
