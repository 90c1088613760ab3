"""What payment terms come to: the instalments with their dates, beside the field while they are typed."""

from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alcada import money
from alcada.people.queries import companies_where
from alcada.sales.rules import Part, TermsError, instalments, read_terms
from alcada.web.guards import person

FIRST_PARTS: Final = 11  # of many, the preview shows so many and the last


@require_POST
def terms(request: HttpRequest) -> HttpResponse:
    """The instalments of what is being typed, as a fragment beside the field. Nothing is read but what was sent."""
    if not companies_where(person(request), "deal.create").exists():
        raise PermissionDenied
    typed = {name: request.POST.get(name, "") for name in ("terms", "amount", "expected_on")}
    return render(request, "sales/_preview.html", typed_preview(typed))


def typed_preview(typed: dict[str, str]) -> dict[str, Any]:
    try:
        value = money.parse_brl(typed["amount"]) or None
    except money.AmountError:
        value = None
    try:
        expected = parse_date(typed["expected_on"])
    except ValueError:
        expected = None
    return preview(typed["terms"], value, expected)


def preview(typed: str, value: Any, expected: date | None) -> dict[str, Any]:
    """The parts of these terms, counted from the day on which it is expected to close, else from today."""
    if not typed.strip():
        return {"parts": [], "wrong": ""}
    today = timezone.localdate()
    day = expected if expected and today <= expected and expected.year < 2100 else today
    try:
        read = read_terms(typed)
        parts = instalments(read, value, day) if value else []
    except TermsError as exc:
        return {"parts": [], "wrong": exc.sentence}
    if not value:
        parts = [Part(n, due.on(day), money.from_cents(0)) for n, due in enumerate(read.parts, start=1)]
    return {
        "parts": parts if len(parts) <= FIRST_PARTS + 1 else parts[:FIRST_PARTS],
        "last_part": parts[-1] if len(parts) > FIRST_PARTS + 1 else None,
        "count": len(parts),
        "counted_from": day,
        "if_today": day == today,
        "valued": bool(value),
        "odd": _odd(parts, read.entry is not None) if value else "",
        "wrong": "",
    }


def _odd(parts: list[Part], shared: bool) -> str:
    """Which instalments carry the odd cents."""
    equal = parts[1:] if shared else parts
    largest = [part.number for part in equal if part.amount == equal[0].amount]
    if len(largest) == len(equal):
        return ""
    if len(largest) == 1:
        return _("Instalment %(number)s carries the odd cent.") % {"number": largest[0]}
    return _("Instalments %(first)s to %(last)s carry a cent more each.") % {
        "first": largest[0],
        "last": largest[-1],
    }
