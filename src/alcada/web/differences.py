"""What stands otherwise in Conta Azul than it was approved: one list, and letting one stand, with a note."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alcada.flow.corrected import STOPPED
from alcada.intake.queries import visible_entries
from alcada.ledger import differing
from alcada.ledger.models import Difference
from alcada.people.models import User
from alcada.people.queries import companies_of
from alcada.people.scopes import scope_of
from alcada.posting.models import Correction
from alcada.web import correction_words, returned
from alcada.web.context import Frame, register_count
from alcada.web.guards import person, require

PAGE: Final = 50
NOTE_LIMIT: Final = 300
STATES: Final = {
    "open": Q(settled_at=None, accepted_at=None),
    # Of the open ones, what a correction left to a person.
    "to_do": Q(settled_at=None, accepted_at=None, correction__isnull=False),
    "accepted": Q(settled_at=None, accepted_at__isnull=False),
    "settled": Q(settled_at__isnull=False),
}


def visible_differences(user: User) -> QuerySet[Difference]:
    return Difference.objects.filter(posting__entry__in=visible_entries(user))


def open_count(user: User) -> int:
    """The figure in the navigation: open ones of the companies in which the person mends."""
    companies = scope_of(user).where("posting.mend")
    mine = Difference.objects.filter(posting__entry__company__in=companies)
    return mine.filter(STATES["open"]).count() + stopped_corrections(companies).count()


def stopped_corrections(companies: Collection[int]) -> QuerySet[Correction]:
    """Corrections that wait for a person."""
    stopped = Correction.objects.filter(entry__company__in=companies, state__in=STOPPED)
    return stopped.select_related("entry__company", "revision", "posting", "connection").order_by("-pk")


register_count("differences", open_count)


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to, as the address says it. What makes no sense there is ignored."""

    state: str
    kind: str
    company: str
    text: str
    before: str

    @classmethod
    def of(cls, asked: QueryDict) -> "Filter":
        names = ("state", "kind", "company", "q", "before")
        got = {name: asked.get(name, "").replace("\x00", "").strip() for name in names}
        return cls(
            state=got["state"] if got["state"] in STATES else "open",
            kind=got["kind"] if got["kind"] in Difference.Kind.values else "",
            company=got["company"] if _is_key(got["company"]) else "",
            text=got["q"][:100],
            before=got["before"] if _is_key(got["before"]) else "",
        )

    def narrow(self, found: QuerySet[Difference]) -> QuerySet[Difference]:
        """All but the state and the place in the list."""
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.company:
            found = found.filter(posting__entry__company=int(self.company))
        if self.text:
            match = Q(posting__reference__icontains=self.text)
            match |= Q(posting__revision__party_name__icontains=self.text)
            found = found.filter(match)
        return found

    def address(self, **changed: str) -> str:
        values = {"state": self.state, "kind": self.kind, "company": self.company, "q": self.text, **changed}
        return "?" + urlencode({name: value for name, value in values.items() if value})


@require_safe
def differences(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Seen, and it may stay so: with a note, which history keeps."""
    user = person(request)
    found = visible_differences(user).select_related("posting__entry__company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(user, "posting.mend", found.posting.entry.company)
    note = request.POST.get("note", "").replace("\x00", "").strip()
    if not note or len(note) > NOTE_LIMIT:
        problem = _("Say why it may stay so: history keeps it.") if not note else _("This is too long.")
        return _page(request, status=422, wrong=pk, typed=note, problem=problem)
    try:
        differing.accept(pk, by=user, note=note)
    except differing.AlreadySettledError:
        messages.warning(request, _("It is resolved or accepted by now."))
    else:
        messages.success(request, _("Accepted. History keeps your note."))
    back = request.POST.get("back", "")
    safe = back.startswith("?") and url_has_allowed_host_and_scheme(back, None)
    return redirect(reverse("differences") + (back if safe else ""))


def _page(request: HttpRequest, *, status: int = 200, **wrong: Any) -> HttpResponse:
    # What is wrong is said on the very page that the form was on.
    asked = QueryDict(request.POST.get("back", "").lstrip("?")) if wrong else request.GET
    user, wanted = person(request), Filter.of(asked)
    mends = Frame.of(request).scope.where("posting.mend")
    narrowed = wanted.narrow(visible_differences(user))
    found = narrowed.filter(STATES[wanted.state])
    if wanted.before:
        found = found.filter(pk__lt=int(wanted.before))
    related = ("posting__entry__company", "posting__revision", "posting__connection", "accepted_by")
    rows = list(found.select_related(*related).order_by("-pk")[: PAGE + 1])
    context = {
        "rows": [returned.told(one) for one in rows[:PAGE]],
        "filter": wanted,
        "tabs": _tabs(narrowed, wanted),
        "kinds": Difference.Kind.choices,
        "companies": companies_of(user),
        "stopped": [(one, correction_words.reason(one)) for one in stopped_corrections(mends)[:PAGE]]
        if wanted.state in ("open", "to_do") and not wanted.before
        else [],
        "mends": mends,
        "here": wanted.address(before=wanted.before),
        "older": wanted.address(before=str(rows[PAGE - 1].pk)) if len(rows) > PAGE else "",
        "newest": wanted.address() if wanted.before else "",
        **wrong,
    }
    return render(request, "differences/list.html", context, status=status)


def _tabs(narrowed: QuerySet[Difference], wanted: Filter) -> list[dict[str, object]]:
    counts = narrowed.aggregate(**{name: Count("pk", filter=match) for name, match in STATES.items()})
    labels = {
        "open": _("Open"),
        "to_do": _("To do in Conta Azul"),
        "accepted": _("Accepted"),
        "settled": _("Resolved"),
    }
    tones = {"open": "yellow", "to_do": "blue", "accepted": "grey", "settled": "green"}
    return [
        {
            "label": labels[name],
            "colour": tones[name],
            "count": counts[name],
            "on": wanted.state == name,
            "address": wanted.address(state=name),
        }
        for name in STATES
    ]


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
