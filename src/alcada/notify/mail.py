"""A notice as an e-mail: plain text, in the person's language, with the facts and a link to the page (which asks)."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from alcada.money import format_brl
from alcada.notify.models import Notice


def send(notice_id: int) -> None:
    """Send it unless it was sent. Claimed first, so that two workers don't both send; given back if sending failed."""
    claimed = Notice.objects.filter(pk=notice_id, mailed_at=None).update(mailed_at=timezone.now())
    if not claimed:
        return
    notice = Notice.objects.select_related("user", "company").get(pk=notice_id)
    subject, body = render(notice)
    try:
        EmailMessage(subject, body, to=[notice.user.email]).send()
    except Exception:
        Notice.objects.filter(pk=notice_id).update(mailed_at=None)
        raise


def render(notice: Notice) -> tuple[str, str]:
    """Subject (the template's first line) and body."""
    language = notice.user.language or settings.LANGUAGE_CODE
    with translation.override(language):
        text = render_to_string(f"notify/{notice.template}.txt", facts(notice, language))
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip() + "\n"


def facts(notice: Notice, language: str) -> dict[str, Any]:
    """The notice's data, with money and dates as the reader writes them."""
    data = dict(notice.data)
    if "amount" in data:
        data["amount"] = format_brl(Decimal(data["amount"]), "BRL", language)
    if "due" in data:
        data["due"] = date.fromisoformat(data["due"]).strftime("%d/%m/%Y")
    return {**data, "name": notice.user.name, "url": settings.ALCADA_URL + notice.link}
