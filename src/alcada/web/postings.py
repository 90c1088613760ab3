"""All postings that a person may see, by state; and the three things that a person may do with one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alcada.flow.queries import Status, status_of_posting
from alcada.intake.models import Entry
from alcada.intake.queries import entry_or_none, visible_entries
from alcada.people.models import User
from alcada.people.queries import companies_of
from alcada.posting import mending
from alcada.posting.models import Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError
from alcada.web import entries, moments, reasons
from alcada.web.guards import person, require

PAGE: Final = 50
REASON_LIMIT: Final = 300
# What needs a person comes first in the filter.
ORDER: Final = (
    State.REFUSED,
    State.UNDECIDED,
    State.UNKNOWN,
    State.QUEUED,
    State.SENDING,
    State.POSTED,
    State.CANCELLED,
)


def visible_postings(user: User) -> QuerySet[Posting]:
    return Posting.objects.filter(entry__in=visible_entries(user))


@dataclass(frozen=True)
class Row:
    posting: Posting
    status: Status
    reason: str
    age: str
    next_try: str


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to, as the address says it. What makes no sense there is ignored."""

    state: str
    company: str
    text: str
    before: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Filter":
        got = {
            name: request.GET.get(name, "").replace("\x00", "").strip()
            for name in ("state", "company", "q", "before")
        }
        return cls(
            state=got["state"] if got["state"] in State.values else "",
            company=got["company"] if _is_key(got["company"]) else "",
            text=got["q"][:100],
            before=got["before"] if _is_key(got["before"]) else "",
        )

    def narrow(self, found: QuerySet[Posting]) -> QuerySet[Posting]:
        """All but the state and the place in the list."""
        if self.company:
            found = found.filter(entry__company=int(self.company))
        if self.text:
            match = Q(reference__icontains=self.text) | Q(revision__party_name__icontains=self.text)
            found = found.filter(match)
        return found

    def address(self, **changed: str) -> str:
        values = {"state": self.state, "company": self.company, "q": self.text, **changed}
        return "?" + urlencode({name: value for name, value in values.items() if value})


@require_safe
def postings(request: HttpRequest) -> HttpResponse:
    user, wanted = person(request), Filter.of(request)
    narrowed = wanted.narrow(visible_postings(user))
    found = narrowed.filter(state=wanted.state) if wanted.state else narrowed
    if wanted.before:
        found = found.filter(pk__lt=int(wanted.before))
    rows = list(found.select_related("entry__company", "revision", "connection").order_by("-pk")[: PAGE + 1])
    more = len(rows) > PAGE
    context = {
        "rows": [_row(posting) for posting in rows[:PAGE]],
        "filter": wanted,
        "tabs": _tabs(narrowed, wanted),
        "companies": companies_of(user),
        "older": wanted.address(before=str(rows[PAGE - 1].pk)) if more else "",
        "newest": wanted.address() if wanted.before else "",
    }
    return render(request, "postings/list.html", context)


def _row(posting: Posting) -> Row:
    reason = reasons.explain(posting)
    since = posting.posted_at or posting.created_at
    return Row(
        posting=posting,
        status=status_of_posting(posting),
        reason=reason.short if reason else "",
        age=_age(since),
        next_try=moments.moment(posting.next_try_at)
        if posting.state in (State.QUEUED, State.UNKNOWN)
        else "",
    )


def _age(since: datetime) -> str:
    """How long ago; the clock's time for what is just happening."""
    now = timezone.now()
    return timesince(since, now, depth=1) if now - since >= timedelta(minutes=1) else moments.moment(since)


def _tabs(narrowed: QuerySet[Posting], wanted: Filter) -> list[dict[str, object]]:
    counts = dict(narrowed.values_list("state").annotate(count=Count("pk")).order_by())
    everything = {"label": _("All"), "count": sum(counts.values()), "on": not wanted.state}
    return [
        {**everything, "address": wanted.address(state="")},
        *(
            {
                "label": Status(f"posting.{state}").label,
                "colour": Status(f"posting.{state}").colour,
                "count": counts[state],
                "on": wanted.state == state,
                "address": wanted.address(state=state.value),
            }
            for state in ORDER
            if counts.get(state) or wanted.state == state
        ),
    ]


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Post again: the cause is mended, or the person looked and it surely is not there (which they tick)."""
    posting = _to_mend(request, pk)
    if posting.state == State.UNDECIDED and not request.POST.get("sure"):
        problem = _("Look for the reference in Conta Azul first, and tick that it is not there.")
        return entries.page(request, _its_entry(request, posting), again_error=problem, status=422)
    return _do(
        request, posting, lambda: mending.post_again(posting.pk, by=person(request)), _("It is posted again.")
    )


@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    posting = _to_mend(request, pk)
    return _do(
        request,
        posting,
        lambda: mending.look_again(posting.pk, by=person(request)),
        _("It is being looked for."),
    )


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    posting = _to_mend(request, pk)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason or len(reason) > REASON_LIMIT:
        problem = _("Say why it is given up: history keeps it.") if not reason else _("This is too long.")
        found = _its_entry(request, posting)
        return entries.page(request, found, cancel_error=problem, cancel_reason=reason, status=422)
    return _do(
        request,
        posting,
        lambda: mending.cancel(posting.pk, by=person(request), reason=reason),
        _("The posting is cancelled."),
    )


def _to_mend(request: HttpRequest, pk: int) -> Posting:
    posting = visible_postings(person(request)).select_related("entry__company").filter(pk=pk).first()
    if posting is None:
        raise Http404
    require(person(request), "posting.mend", posting.entry.company)
    return posting


def _its_entry(request: HttpRequest, posting: Posting) -> Entry:
    found = entry_or_none(person(request), posting.entry_id)
    assert found is not None  # the posting was found through it
    return found


def _do(request: HttpRequest, posting: Posting, action: Callable[[], object], done: str) -> HttpResponse:
    """Do it, or say why not: the state may have moved since the button was drawn."""
    try:
        action()
    except BusyError:
        messages.warning(
            request, _("It is being posted or looked for at the moment. Wait for the result, or look again.")
        )
    except TransitionNotAllowedError as exc:
        label = State(exc.before).label
        messages.warning(
            request, _("Not possible any more: the posting is “%(state)s” now.") % {"state": label}
        )
    else:
        messages.success(request, done)
    return redirect(entries.address(posting))


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
