"""Making, using and revoking tokens. Who may make one is asked by the page."""

import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from alcada.history.actions import record
from alcada.people import actions as people
from alcada.people.models import Company, Role, User
from alcada.tokens import rules
from alcada.tokens.models import Token


class TokenError(Exception):
    """A refusal in this room; each kind's docstring is its message."""


class TooManyTokensError(TokenError):
    """There are as many good ones as anybody needs: revoke one first."""


class NotGoodError(TokenError):
    """It was revoked or ran out, and can't be renewed."""


class TooManyCallsError(Exception):
    """More calls in a minute than the limit: wait so many seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(frozen=True, repr=False)
class Made:
    """A token just made, and its text: for this one answer, it can't be had again."""

    token: Token
    text: str


def make_personal(user: User, *, name: str, scopes: Collection[str], days: int) -> Made:
    """A token of the person's own. Raises TooManyTokensError."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if _good(user.tokens.filter(company=None)) >= rules.MOST:
            raise TooManyTokensError
        return _make(user, None, name=name, scopes=scopes, days=days, by=user)


def make_service(
    company: Company, *, name: str, roles: Iterable[Role], scopes: Collection[str], days: int, by: User
) -> Made:
    """A service of the company with these roles, and its token. Raises TooManyTokensError."""
    if not set(roles) <= set(rules.SERVICE_ROLES) or rules.DECIDE in scopes:
        raise ValueError("a service never decides")
    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        if _good(company.tokens.all()) >= rules.MOST:
            raise TooManyTokensError
        user = people.add_service(name=name, company=company, roles=roles, by=by, record=record)
        return _make(user, company, name=name, scopes=scopes, days=days, by=by)


def renew(token: Token, *, by: User) -> Made:
    """Another token for the same, good for as long; the one before stays good until it is revoked or runs out.

    Raises NotGoodError, TooManyTokensError.
    """
    with transaction.atomic():
        locked = (
            Token.objects.select_for_update(of=("self",)).select_related("user", "company").get(pk=token.pk)
        )
        if state_of(locked) != "good":
            raise NotGoodError
        siblings = locked.company.tokens.all() if locked.company else locked.user.tokens.filter(company=None)
        if _good(siblings) >= rules.MOST:
            raise TooManyTokensError
        days = max(1, round((locked.expires_at - locked.created_at) / timedelta(days=1)))
        return _make(locked.user, locked.company, name=locked.name, scopes=locked.scopes, days=days, by=by)


def revoke(token: Token, *, by: User) -> bool:
    """End it, at once. False when it was revoked before."""
    with transaction.atomic():
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            return False
        _record("token.revoked", token, by)
        return True


def revoke_own(user: User, *, by: User) -> int:
    """End all personal tokens that somebody has."""
    return sum(revoke(token, by=by) for token in user.tokens.filter(company=None, revoked_at=None))


def use(text: str) -> Token | None:
    """Whose call this is; None for what is no good token, or one of somebody whose access was ended.

    The call is counted: raises TooManyCallsError above the limit.
    """
    prefix = rules.prefix_of(text)
    found = Token.objects.select_related("user", "company").filter(prefix=prefix).first() if prefix else None
    if found is None or not hmac.compare_digest(found.hash, rules.hash_of(text)):
        return None
    if state_of(found) != "good" or not found.user.is_active:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"token": found.pk})
        calls, wait = cursor.fetchone()
    if calls > settings.API_CALLS_PER_MINUTE:
        raise TooManyCallsError(int(wait))
    return found


def state_of(token: Token) -> rules.State:
    return rules.state(revoked_at=token.revoked_at, expires_at=token.expires_at, now=timezone.now())


def _make(
    user: User, company: Company | None, *, name: str, scopes: Collection[str], days: int, by: User
) -> Made:
    if not set(scopes) <= set(rules.SCOPES) or days < 1:
        raise ValueError("unknown scope or span")
    text, prefix = rules.new()
    token = Token.objects.create(
        user=user,
        company=company,
        name=" ".join(name.split()),
        prefix=prefix,
        hash=rules.hash_of(text),
        scopes=[scope for scope in rules.SCOPES if scope in scopes],
        created_by=by,
        expires_at=timezone.now() + timedelta(days=days),
    )
    _record("token.made", token, by)
    return Made(token, text)


def _record(event: str, token: Token, by: User) -> None:
    """In the company's history for a service, in the person's for their own. By its prefix, never by more."""
    told = {
        "token": token.prefix,
        "name": token.name,
        "scopes": token.scopes,
        "until": token.expires_at,
        "person": token.user.pk,
    }
    record(event, token.company or token.user, by=by, company=token.company, data=told)


def _good(tokens: models.QuerySet[Token]) -> int:
    return tokens.filter(revoked_at=None, expires_at__gt=timezone.now()).count()


# A minute begins with its first call. One statement: two processes at once count two.
_COUNT = """
    UPDATE tokens_token SET
        last_used_at = now(),
        calls = CASE WHEN calls_since > now() - interval '1 minute' THEN calls + 1 ELSE 1 END,
        calls_since = CASE WHEN calls_since > now() - interval '1 minute' THEN calls_since ELSE now() END
    WHERE id = %(token)s
    RETURNING calls, ceil(extract(epoch FROM calls_since + interval '1 minute' - now()))
"""
