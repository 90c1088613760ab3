"""Carrying out a fault on one call."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable

from aiohttp import web

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.errors import ApiError, PlanBlockedError, TooManyError
from conta_azul_sandbox.faults import Fault
from conta_azul_sandbox.world import World

# Does the call's work; its argument is how long what it writes stays out of the searches.
Work = Callable[[float], web.Response]


async def carry_out(
    world: World, request: web.BaseRequest, company: Company | None, fault: Fault | None, work: Work
) -> web.Response | None:
    """The call's answer, or None when the connection is to be cut without one."""
    lag = world.settings.search_lag
    if fault is None:
        return work(lag)
    match fault.kind:
        case "drop_before":
            return None
        case "drop_after" | "lost_refresh":
            work(lag)
            return None
        case "error_before":
            return _error(fault)
        case "error_after":
            work(lag)
            return _error(fault)
        case "slow":
            return await _slow(fault, work, lag)
        case "too_many":
            return _refusal(TooManyError(fault.retry_after), request, world)
        case "plan_blocked":
            return _refusal(PlanBlockedError(fault.status_conta), request, world)
        case "search_lag":
            return work(fault.seconds)
        case "revoke_tokens":
            # The call's own token was read before: it is refused here, as the next ones will be.
            if company:
                world.tokens.revoke(company.id)
                world.changed = True
            return _refusal(ApiError("The Token has been revoked.", status=401, shape="code"), request, world)
    return work(lag)


async def _slow(fault: Fault, work: Work, lag: float) -> web.Response:
    """Applied before or after the wait: a caller that gives up cannot know which."""
    if fault.when == "after":
        answer = work(lag)
        await asyncio.sleep(fault.seconds)
        return answer
    await asyncio.sleep(fault.seconds)
    return work(lag)


def _error(fault: Fault) -> web.Response:
    body = fault.body
    if body is None:
        body = {
            "code": fault.status,
            "message": "Ocorreu um erro inesperado no servidor. Tente novamente mais tarde.",
        }
    if isinstance(body, str):
        return web.Response(status=fault.status, text=body, content_type="text/html")
    return web.Response(status=fault.status, text=json.dumps(body), content_type="application/json")


def _refusal(error: ApiError, request: web.BaseRequest, world: World) -> web.Response:
    body, content_type = error.body(request.path, world.clock.now())
    return web.Response(status=error.status, body=body, content_type=content_type, headers=error.headers)


def cut(request: web.BaseRequest) -> web.Response:
    """Reset the connection. The response goes nowhere: the server needs one to end the request."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        # Lingering for no time makes the close a reset instead of an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def cut_half_way(request: web.BaseRequest, answer: web.Response) -> web.StreamResponse:
    """All headers, with the full length, then half of the body."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    stream = web.StreamResponse(
        status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]}
    )
    stream.content_length = max(len(body), 2)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2] or b" ")
    if request.transport is not None:
        request.transport.abort()
    return stream
