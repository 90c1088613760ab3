"""Money is whole cents inside; JSON numbers with two places outside."""

from decimal import Decimal
from typing import Any

LARGEST = 10**13


def cents_of(value: object) -> int:
    """Exact cents of a JSON number (read as int or Decimal, never as a float); ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("não é um número")
    # Before any arithmetic: 1e999999 is a short text and a very long integer.
    if not -LARGEST <= value <= LARGEST:
        raise ValueError("é grande demais")
    scaled = Decimal(value) * 100
    cents = int(scaled)
    if scaled != cents:
        raise ValueError("tem mais de duas casas decimais")
    return cents


def amount_of(cents: int) -> float:
    """The nearest float prints as the two-place number that it stands for."""
    return cents / 100


def reais(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}R$ {whole:,}".replace(",", ".") + f",{rest:02d}"


def with_floats(value: Any) -> Any:
    """What was read exactly and is no money (settings, notes kept as sent): numbers that JSON can write again."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: with_floats(each) for key, each in value.items()}
    return [with_floats(each) for each in value] if isinstance(value, list) else value
