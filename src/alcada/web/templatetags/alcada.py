"""Filters and tags that every template has, without a load tag."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context, NodeList
from django.template.loader_tags import BlockNode
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from alcada import money
from alcada.approval.models import Step
from alcada.directory import documents
from alcada.flow import shipped
from alcada.web import frozen

register = template.Library()

_ICON_NAME = re.compile(r"[a-z0-9-]+")


@register.filter(name="money")
def show_money(amount: Decimal | None, currency: str = "BRL") -> str:
    """R$ 1.234,56, or R$ 1,234.56 in English. Empty for none."""
    if amount is None:
        return ""
    return money.format_brl(amount, currency, get_language() or "pt-br")


@register.filter
def document(value: str) -> str:
    """A CPF or CNPJ with its punctuation."""
    return documents.format(value) if value else ""


@register.filter
def day(value: date | None) -> str:
    """31/12/2026 in both languages: it is what a Brazilian invoice says."""
    return value.strftime("%d/%m/%Y") if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """31/12/2026 14:05, in the installation's time zone."""
    return timezone.localtime(value).strftime("%d/%m/%Y %H:%M") if value else ""


@register.filter
def own_value(value: dict[str, str]) -> str:
    """What is in a company's own field of a revision, as people write it."""
    return frozen.of_type(value["type"], value["value"])


@register.filter
def step_name(value: str) -> str:
    """A step of a flow: shipped names in the reader's language, a company's own as they are."""
    return shipped.shown(value)


@register.filter
def why_asked(step: Step) -> str:
    """Why a step is asked, in the reader's language; empty: it always is."""
    return shipped.reason(step.why, step.because)


@register.filter
def initials(name: str) -> str:
    """AS for Ana Souza: the first and the last name's letter."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One of the sprite's icons: {% icon "check" %}. Silent to a screen reader: words stand beside it."""
    if not _ICON_NAME.fullmatch(name):
        raise template.TemplateSyntaxError(f"no icon is called {name!r}")
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" {extra}" if extra else "",
        static("vendor/icons/icons.svg"),
        name,
    )


@register.simple_tag
def pill(tone: str, label: object) -> SafeString:
    """A state: grey neutral, blue in progress, green done, yellow needs a person, red refused."""
    return format_html('<span class="pill" data-tone="{}">{}</span>', tone, label)


@register.simple_tag
def url_if_exists(name: str, *args: Any) -> str:
    """The address of a page, or nothing where this version has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """A form's field with its label, hint and errors: {% field form.name %}."""
    return bound.as_field_group()


@register.simple_tag(takes_context=True)
def repeat_block(context: Context, name: str) -> str:
    """Show a block's content a second time (Django has each block once): a page's heading is its title."""
    return BlockNode(name, NodeList()).render(context)
