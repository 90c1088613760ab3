"""One module per resource, one function per endpoint; each returns a `Call` or `Pages` and sends nothing."""

from conta_azul.calls import (
    accounts,
    categories,
    changes,
    company,
    cost_centres,
    entries,
    instalments,
    people,
    settlements,
)

__all__ = [
    "accounts",
    "categories",
    "changes",
    "company",
    "cost_centres",
    "entries",
    "instalments",
    "people",
    "settlements",
]
