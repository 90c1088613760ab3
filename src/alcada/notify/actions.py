"""Telling people: a notice in the product, and an e-mail where a server is configured."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from alcada import queue
from alcada.notify.models import Notice
from alcada.people.models import Company, User


def tell(
    people: Iterable[User],
    *,
    template: str,
    key: str,
    company: Company,
    link: str,
    data: Mapping[str, Any],
) -> None:
    """Tell each person once per `key`. Runs in the transaction of what it tells of; the e-mail leaves after it.

    `template` names a pair in templates/notify/; `data` holds plain texts only.
    """
    for person in people:
        notice, new = Notice.objects.get_or_create(
            user=person,
            key=key,
            defaults={"company": company, "template": template, "data": dict(data), "link": link},
        )
        if new and settings.EMAIL_CONFIGURED:
            queue.defer("send_mail", notice_id=notice.pk)


def settle(key: str) -> None:
    """What was asked is answered: its notices need nobody's attention any more, whoever got them."""
    Notice.objects.filter(key=key, read_at=None).update(read_at=timezone.now())
