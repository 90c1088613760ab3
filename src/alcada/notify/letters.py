"""A letter put together: plain text with all that it has to say, and the same as HTML. Nothing here is sent.

Whatever somebody typed is cleaned first (`plain`), and escaped in the HTML. No CPF, CNPJ or bank details.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from alcada import links
from alcada.notify import plain, unsubscribing
from alcada.people.models import User

SUBJECT = 120


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    is_step: bool = False  # a step's name: shipped ones are translated where they are shown


@dataclass(frozen=True)
class Line:
    """One thing of a list."""

    text: str
    sub: str = ""
    amount: str = ""
    url: str = ""
    tone: str = "grey"


@dataclass(frozen=True)
class Group:
    """A heading and what stands under it; `more` says how many are not shown."""

    title: str
    lines: Sequence[Line]
    more: str = ""
    url: str = ""


@dataclass(frozen=True)
class Proof:
    """A company's checkpoint: the sentence, and the line that a check reads."""

    sentence: str
    code: str


@dataclass(frozen=True)
class Section:
    title: str
    groups: Sequence[Group] = ()
    proof: Proof | None = None


@dataclass(frozen=True)
class Content:
    subject: str
    lead: str
    tone: str = "blue"
    eyebrow: str = ""  # the company, above the heading
    facts: Sequence[Fact] = ()
    quote: Sequence[str] = ()
    said: str = ""  # what is above the quote
    notes: Sequence[str] = ()
    button: str = ""
    url: str = ""
    sections: Sequence[Section] = ()
    because: str = ""  # why it was sent
    about: str = ""  # a kind, or "digest": what can be unsubscribed from
    headers: Mapping[str, str] = field(default_factory=dict)


def message(key: UUID, to: User, content: Content) -> EmailMultiAlternatives:
    """The letter to a person. The same key gives the same Message-ID: a repeat is recognised as one."""
    stop = settings.ALCADA_URL + links.unsubscribe(unsubscribing.token(to, content.about))
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return built(to.email, content, key=key, headers=headers)


def built(
    address: str, content: Content, *, key: UUID | None = None, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """As `message`, to anybody."""
    made = dict(headers or {}) | {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if key is not None:
        made["Message-ID"] = message_id(key)
    content = replace(content, subject=plain.line(content.subject, SUBJECT))
    letter = EmailMultiAlternatives(content.subject, text_of(content), to=[address], headers=made)
    letter.attach_alternative(html_of(content), "text/html")
    return letter


def message_id(key: UUID) -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return f"<{key.hex}@{address.rpartition('@')[2] or 'localhost'}>"


def text_of(content: Content) -> str:
    return render_to_string("notify/letter.txt", _context(content)).strip() + "\n"


def html_of(content: Content) -> str:
    return render_to_string("notify/letter.html", _context(content))


def _context(content: Content) -> dict[str, Any]:
    return {
        "letter": content,
        "settings_url": settings.ALCADA_URL + links.notice_settings() if content.about else "",
        "home_url": settings.ALCADA_URL,
        "preheader": plain.line(content.lead, 140),
        "sign": _("Alçada · approval that posts itself to Conta Azul"),
    }
