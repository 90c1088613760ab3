"""The one place that turns what HTTP gave us into an error of ours, or into what the call returns."""

import datetime as dt
import email.utils
import math
from typing import Any, Final, TypeVar

import httpx

from conta_azul import sentences
from conta_azul.answer import Answer, Unusable
from conta_azul.call import Call
from conta_azul.errors import (
    Conflict,
    ContaAzulError,
    ErpLoginNeeded,
    MayHaveArrived,
    NotAuthorised,
    NotFound,
    NotSent,
    PlanNotAllowed,
    Refused,
    TooManyRequests,
    Unreadable,
)
from conta_azul.limits import LONGEST_RETRY_AFTER_S

T = TypeVar("T")

# Raised only before the first byte of the request leaves. ConnectError covers DNS and the TLS handshake;
# ProxyError is a proxy that would not open the tunnel; InvalidURL is a request too long to be one. Everything
# else may come after it.
NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.InvalidURL,
)
FAILURES: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)

# 4xx that a gateway gives when it lost patience or its client, while the server behind may have gone on.
_LOST_PATIENCE: Final = (408, 460, 499)
_ERP_LOGIN: Final = "senha do erp"


def of_failure(exc: Exception, name: str, *, writes: bool) -> ContaAzulError:
    """The error for a call that got no answer."""
    what = sentences.quotable(str(exc)) or type(exc).__name__
    if isinstance(exc, NEVER_LEFT):
        return NotSent(f"{sentences.NOT_SENT}{what}", call=name)
    return MayHaveArrived(f"{sentences.NO_ANSWER}{what}). {_advice(writes)}", call=name)


def read(call: Call[T], answer: Answer) -> T:
    """What the call returns. Raises the error that the answer stands for."""
    if not is_success(answer):
        raise of_answer(answer, call.name, writes=call.writes)
    try:
        return call.parse(answer)
    except Unusable as exc:
        raise unreadable(exc, answer, call.name, writes=call.writes) from exc


def is_success(answer: Answer) -> bool:
    return 200 <= answer.status <= 299


def unreadable(exc: Unusable, answer: Answer, name: str, *, writes: bool) -> Unreadable:
    sentence = f"{sentences.UNREADABLE}{exc}. {_advice(writes)}"
    return Unreadable(sentence, call=name, status=answer.status, body=answer.text)


def of_answer(answer: Answer, name: str, *, writes: bool) -> ContaAzulError:
    """The error for an answer that is not a success."""
    said = sentences.from_body(answer.text)
    about: dict[str, Any] = {"call": name, "status": answer.status, "body": answer.text}
    match answer.status:
        case 429:
            return _too_many(answer, about)
        case 401:
            return _not_authorised(said, about)
        case 403 if (account_status := _plan_gate(answer)) is not None:
            return _plan_not_allowed(said, account_status, about)
        case status if 400 <= status <= 499 and status not in _LOST_PATIENCE:
            kind = {404: NotFound, 409: Conflict}.get(status, Refused)
            return kind(f"{sentences.REFUSED}{said or sentences.NO_REASON}", **about)
        case status if 300 <= status <= 399:
            return MayHaveArrived(f"{sentences.ELSEWHERE}. {_advice(writes)}", **about)
    quote = f": {said}" if said else ""
    return MayHaveArrived(f"{sentences.FAILED}{quote}. {_advice(writes)}", **about)


def _advice(writes: bool) -> str:
    return sentences.MAY_HAVE_ARRIVED if writes else sentences.ONLY_READING


def _too_many(answer: Answer, about: dict[str, Any]) -> TooManyRequests:
    error = TooManyRequests(sentences.LIMIT, **about)
    error.retry_after = read_retry_after(answer.headers.get("retry-after", ""))
    return error


def _not_authorised(said: str, about: dict[str, Any]) -> NotAuthorised:
    if _ERP_LOGIN in said.casefold():
        return ErpLoginNeeded(f"{sentences.ERP_LOGIN}{said}", **about)
    return NotAuthorised(f"{sentences.NOT_ACCEPTED}{said or sentences.NO_REASON}", **about)


def _plan_gate(answer: Answer) -> str | None:
    """The account's status if this is the gate that stands before every path (observed), else None."""
    try:
        fields = answer.fields(lenient=True)
    except Unusable:
        return None
    if not (fields.has("status_conta") or fields.has("descricao_erro")):
        return None
    return fields.maybe_text("status_conta") or ""


def _plan_not_allowed(said: str, account_status: str, about: dict[str, Any]) -> PlanNotAllowed:
    error = PlanNotAllowed(f"{sentences.PLAN}{said or account_status}", **about)
    error.account_status = account_status or None
    return error


def read_retry_after(text: str, *, now: dt.datetime | None = None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None for what cannot be meant (more than a day)."""
    seconds = _seconds(text, now or dt.datetime.now(dt.UTC))
    if seconds is None or not math.isfinite(seconds) or seconds > LONGEST_RETRY_AFTER_S:
        return None
    return max(0.0, seconds)


def _seconds(text: str, now: dt.datetime) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (aware - now).total_seconds()
