"""Telling people: a notice in the product, and an e-mail where a server is configured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from alcada import queue
from alcada.notify.models import Notice
from alcada.people.models import Company, User


@dataclass(frozen=True)
class Message:
    """What is told to one person, once per `key`.

    `template` names a pair in templates/notify/; `data` holds plain texts only.
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
    """As `tell`, for many in a few statements. What was told before is left out, and so is a service."""
    known = Notice.objects.filter(key__in={message.key for message in messages})
    told = set(known.values_list("user_id", "key"))
    new = {(message.to.pk, message.key): message for message in messages if not message.to.is_service}
    notices = Notice.objects.bulk_create(
        [
            Notice(
                user=message.to,
                key=message.key,
                company=message.company,
                template=message.template,
                data=dict(message.data),
                link=message.link,
            )
            for pair, message in new.items()
            if pair not in told
        ],
        ignore_conflicts=not settings.EMAIL_CONFIGURED,  # then their keys are needed, and another's is an error
    )
    if settings.EMAIL_CONFIGURED:
        for notice in notices:
            queue.defer("send_mail", notice_id=notice.pk)


def settle(key: str) -> None:
    """What was asked is answered: its notices need nobody's attention any more, whoever got them."""
    Notice.objects.filter(key=key, read_at=None).update(read_at=timezone.now())
