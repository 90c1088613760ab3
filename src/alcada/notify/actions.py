"""Telling people: a notice in the product, an e-mail where a server is configured; and what they choose about it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from alcada import queue
from alcada.notify import words
from alcada.notify.models import Choice, Notice, Schedule
from alcada.notify.rules import DIGEST, USUAL, Kind, Way, ways_of
from alcada.people.models import Company, User


@dataclass(frozen=True)
class Message:
    """What is told to one person, once per `key`.

    `template` is one of words.WORDINGS; `data` holds plain texts only.
    """

    to: User
    template: str
    key: str
    company: Company
    link: str
    data: Mapping[str, Any]


def tell(
    people: Iterable[User], *, template: str, key: str, company: Company, link: str, data: Mapping[str, Any]
) -> None:
    """Tell each person once per `key`. Runs in the transaction of what it tells of; the e-mail leaves after it."""
    tell_all([Message(person, template, key, company, link, data) for person in people])


def tell_all(messages: Sequence[Message]) -> None:
    """As `tell`, for many in one statement, and one for all their e-mails.

    Each by the way that the person chose for its kind; what was told before is left out.
    """
    if not messages:
        return
    people = [message for message in messages if not message.to.is_service]  # a program reads no notices
    given = [_row(place, message) for place, message in enumerate(people)]
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [settings.EMAIL_CONFIGURED, timezone.now(), json.dumps(given)])
        to_mail = any(wanted for (wanted,) in cursor.fetchall())
    if to_mail:
        queue.defer("send_mails")


def _row(place: int, message: Message) -> dict[str, Any]:
    kind = words.kind_of(message.template)
    return {
        "place": place,
        "person": message.to.pk,
        "company": message.company.pk,
        "key": message.key,
        "template": message.template,
        "kind": kind.value,
        "way": USUAL[kind].value,
        "data": dict(message.data),
        "link": message.link,
    }


_TELL: Final = """
    INSERT INTO notify_notice (user_id, company_id, key, template, data, link, way, to_mail, created_at)
    SELECT given.person, given.company, given.key, given.template, given.data, given.link,
        coalesce(choice.way, given.way), %s AND coalesce(choice.way, given.way) = 'at_once', %s
    FROM json_to_recordset(%s::json) AS given(
        place int, person bigint, company bigint, key text, template text, kind text, way text, data jsonb, link text)
    LEFT JOIN notify_choice choice ON choice.user_id = given.person AND choice.kind = given.kind
    WHERE coalesce(choice.way, given.way) <> 'off'
    ORDER BY given.place
    ON CONFLICT (user_id, key) DO NOTHING
    RETURNING to_mail
"""


def settle(key: str) -> None:
    """What was asked is answered: its notices need nobody's attention any more, whoever got them."""
    Notice.objects.filter(key=key, read_at=None).update(read_at=timezone.now())


def settle_all(beginning: str) -> None:
    """As `settle`, of every notice whose key begins so."""
    Notice.objects.filter(key__startswith=beginning, read_at=None).update(read_at=timezone.now())


# --- What a person chooses -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wishes:
    """All that a person chose, or the usual where they did not."""

    ways: Mapping[Kind, Way]
    wanted: bool  # the digest
    at: time
    days: Sequence[int]
    zone: str


def wishes_of(user: User) -> Wishes:
    chosen = dict(Choice.objects.filter(user=user).values_list("kind", "way"))
    schedule = Schedule.objects.filter(user=user).first() or Schedule(user=user)
    return Wishes(
        {kind: Way(chosen.get(kind.value, USUAL[kind])) for kind in Kind},
        schedule.wanted,
        schedule.at,
        schedule.days,
        schedule.zone,
    )


def wish(user: User, wishes: Wishes) -> None:
    """Keep what the person chose. From the next notice on; ValueError for a way that the kind has not."""
    for kind, way in wishes.ways.items():
        if way not in ways_of(kind):
            raise ValueError(f"{kind.value} can't be {way.value}")
    with transaction.atomic():
        for kind, way in wishes.ways.items():
            Choice.objects.update_or_create(user=user, kind=kind.value, defaults={"way": way.value})
        Schedule.objects.update_or_create(
            user=user,
            defaults={
                "wanted": wishes.wanted,
                "at": wishes.at,
                "days": sorted(set(wishes.days)),
                "zone": wishes.zone,
            },
        )


def stop_mail(user: User, about: str) -> None:
    """No more e-mail about this kind, or no more digest: in the product it is told all the same. Safe to call again."""
    if about == DIGEST:
        Schedule.objects.update_or_create(user=user, defaults={"wanted": False})
        return
    kind = Kind(about)
    with transaction.atomic():
        Choice.objects.get_or_create(user=user, kind=kind.value, defaults={"way": Way.PRODUCT.value})
        mailed = Choice.objects.filter(user=user, kind=kind.value, way__in=[Way.AT_ONCE, Way.DIGEST])
        mailed.update(way=Way.PRODUCT.value)
        templates = words.templates_of(kind)
        Notice.objects.filter(user=user, to_mail=True, template__in=templates).update(to_mail=False)
