"""Links through which an account's owner, who is no user here, gives the consent for one connection.

A link is a signed random token: a forged one is refused without asking the database, and a hash is all that is kept.
It stands for one connection, for two weeks, until it led to a connection or somebody revoked it; one at a time per
connection. Who may make or revoke one is asked by the page.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Now

from alcada import queue
from alcada.connections import rules
from alcada.connections.models import Connection, ConsentLink
from alcada.connections.queries import now
from alcada.history.actions import Line, record_all
from alcada.people.models import User

GOOD_FOR: Final = timedelta(days=14)
TRIES: Final = 30  # of one link, in
TRIES_IN: Final = timedelta(minutes=10)
_SALT: Final = "alcada.consent-link"


class LinkOverError(Exception):
    """The link was used, revoked or ran out. `state` says which (`rules.link_state`)."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class TooManyTriesError(Exception):
    """More was asked of one link than a person asks: wait."""


@dataclass(frozen=True, repr=False)
class Made:
    """A link just made, and its token: for this one answer, it can't be had again."""

    link: ConsentLink
    token: str


def make(connections: Sequence[Connection], *, by: User) -> list[Made]:
    """A new link for each; those that they had are revoked."""
    tokens = [_new_token() for _each in connections]
    links = _create(connections, by, [rules.state_hash(token) for token in tokens])
    return [Made(link, token) for link, token in zip(links, tokens, strict=True)]


def send(connections: Sequence[Connection], *, by: User) -> list[ConsentLink]:
    """As `make`, each on its way to its owner by e-mail; those without an address are left out."""
    addressed = [connection for connection in connections if connection.owner_email]
    with transaction.atomic():
        links = _create(addressed, by, [None] * len(addressed))
        for link in links:
            queue.defer("send_consent_link", link_id=link.pk)
    return links


def draw_token(link_id: int) -> Made | None:
    """A token for the link whose e-mail is about to leave; None when it has left, or is not wanted any more.

    Drawn anew by each try: what an earlier one may have sent is void then.
    """
    token = _new_token()
    waiting = ConsentLink.objects.filter(pk=link_id, sent_at=None, used_at=None, revoked_at=None)
    if not waiting.filter(expires_at__gt=Now()).update(token_hash=rules.state_hash(token)):
        return None
    link = ConsentLink.objects.select_related("connection__company", "created_by").get(pk=link_id)
    return Made(link, token)


def mark_sent(link: ConsentLink) -> None:
    ConsentLink.objects.filter(pk=link.pk).update(sent_at=Now())


def revoke(connection: Connection, *, by: User) -> bool:
    """End the connection's live link; False where there is none."""
    with transaction.atomic():
        live = _live([connection]).select_for_update().first()
        if live is None:
            return False
        _live([connection]).update(revoked_at=Now())
        data = {"owner": live.owner_name, "link": live.pk}
        record_all([_line("connection.link_revoked", connection, by, data)])
    return True


def find(token: str) -> ConsentLink | None:
    """The link of this token, in whatever state; None for one that nobody made. Changes nothing."""
    if not is_ours(token):
        return None
    found = ConsentLink.objects.select_related("connection__company", "connection__application", "created_by")
    return found.filter(token_hash=rules.state_hash(token)).first()


def is_ours(token: str) -> bool:
    """Did this installation sign it?"""
    try:
        signing.Signer(salt=_SALT, sep=".").unsign(token)
    except signing.BadSignature:
        return False
    return True


def note_opened(link: ConsentLink) -> None:
    """A browser shows it to somebody: said by the page's own POST, since a mail scanner's GET says nothing."""
    ConsentLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=Now())


def note_try(link: ConsentLink) -> None:
    """Something is asked of the link. Raises LinkOverError, TooManyTriesError."""
    if (state := rules.link_state(link, now())) in rules.LINK_OVER:
        raise LinkOverError(state)
    fresh = Q(tries_since__gte=Now() - TRIES_IN)
    ConsentLink.objects.filter(pk=link.pk).update(
        tries=Case(When(fresh, then=F("tries") + 1), default=1),
        tries_since=Case(When(fresh, then=F("tries_since")), default=Now()),
        opened_at=Case(When(opened_at=None, then=Now()), default=F("opened_at")),
    )
    if ConsentLink.objects.filter(pk=link.pk, tries__gt=TRIES).exists():
        raise TooManyTriesError


def state_of(link: ConsentLink) -> str:
    """One of rules.LINK_STATES, now."""
    return rules.link_state(link, now())


def _create(connections: Sequence[Connection], by: User, hashes: Sequence[str | None]) -> list[ConsentLink]:
    with transaction.atomic():
        # In one order, so that two who make links for the same connections don't wait for each other forever.
        ids = sorted(connection.pk for connection in connections)
        list(
            Connection.objects.filter(pk__in=ids)
            .order_by("pk")
            .select_for_update(no_key=True)
            .values_list("pk")
        )
        _live(connections).update(revoked_at=Now())
        expires = now() + GOOD_FOR
        links = ConsentLink.objects.bulk_create(
            [
                ConsentLink(
                    connection=connection,
                    token_hash=token_hash,
                    owner_name=connection.owner_name,
                    owner_email=connection.owner_email,
                    created_by=by,
                    expires_at=expires,
                )
                for connection, token_hash in zip(connections, hashes, strict=True)
            ]
        )
        record_all(
            [
                _line(
                    "connection.link_made",
                    link.connection,
                    by,
                    {"owner": link.owner_name, "link": link.pk, "mail": link.token_hash is None},
                )
                for link in links
            ]
        )
    return links


def _line(event: str, connection: Connection, by: User, data: dict[str, object]) -> Line:
    kind = Connection._meta.label_lower
    return Line(event, kind, connection.pk, connection.company_id, by=by, data=data)


def _live(connections: Sequence[Connection]) -> QuerySet[ConsentLink]:
    return ConsentLink.objects.filter(connection__in=connections, used_at=None, revoked_at=None)


def _new_token() -> str:
    return signing.Signer(salt=_SALT, sep=".").sign(secrets.token_urlsafe(24))
