"""Filters and tags that every template has."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.translation import get_language

from alcada import money
from alcada.directory import documents

register = template.Library()


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
