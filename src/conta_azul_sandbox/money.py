"""Money is whole cents inside; JSON numbers with two places outside."""

from decimal import Decimal


def cents_of(value: object) -> int:
    """Exact cents of a JSON number (read as int or Decimal, never as a float); ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("não é um número")
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
