"""What the person was told, and marking it as read. Opening a notice reads it: a POST, like any change."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alcada.intake.rules import key
from alcada.notify import kinds, notice_letters, words
from alcada.notify.models import Notice
from alcada.notify.rules import Kind
from alcada.people.models import User
from alcada.people.queries import companies_of
from alcada.web import moments
from alcada.web.context import Frame, register_count
from alcada.web.guards import person

PAGE: Final = 30


@dataclass(frozen=True)
class Told:
    notice: Notice
    sentence: str
    colour: str
    party: str
    amount: str
    due: str
    comment: str
    at: str


def unread_count(user: User) -> int:
    """The figure on the bell."""
    return _theirs(user).filter(read_at=None).count()


register_count("notices", unread_count)


def _theirs(user: User) -> QuerySet[Notice]:
    """What the person was told, in companies where they still have a role."""
    return Notice.objects.filter(Q(company__in=companies_of(user)) | Q(company=None), user=user)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Newest first; the next page begins below the last key shown."""
    user, wanted = person(request), _wanted(request.GET)
    chosen = Frame.of(request).company
    found = _narrowed(user, wanted, chosen.pk if chosen else None)
    unread = found.filter(read_at=None).count()
    shown = found.filter(read_at=None) if wanted["unread"] else found
    before = key(request.GET.get("before", ""))
    if before:
        shown = shown.filter(pk__lt=before)
    page = list(shown.select_related("company", "user").order_by("-pk")[: PAGE + 1])
    base = {**wanted, "company": str(chosen.pk) if chosen else ""}
    context = {
        "rows": [_told(notice) for notice in page[:PAGE]],
        "older": _address({**base, "before": str(page[PAGE - 1].pk)}) if len(page) > PAGE else "",
        "newest": _address(base) if before else "",
        "unread": unread,
        "wanted": wanted,
        "all_address": _address({**base, "unread": ""}),
        "unread_address": _address({**base, "unread": "1"}),
        "kinds": [(kind.value, kinds.KINDS[kind][0]) for kind in Kind],
        "filtered": bool(wanted["kind"] or wanted["unread"] or chosen),
        "last": max((notice.pk for notice in page), default=0),
    }
    return render(request, "notices/list.html", context)


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it and go where it points. The address was written by the product, never by a visitor."""
    notice = get_object_or_404(_theirs(person(request)), pk=pk)
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=timezone.now())
    return redirect(notice.link or "notices")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Those that the page was about, and no later one: what came since it was drawn was not seen."""
    user, wanted = person(request), _wanted(request.POST)
    company = key(request.POST.get("company", ""))
    found = _narrowed(user, wanted, company or None)
    if last := key(request.POST.get("last", "")):
        found = found.filter(pk__lte=last)
    found.filter(read_at=None).update(read_at=timezone.now())
    base = {**wanted, "company": str(company) if company else ""}
    return redirect(reverse("notices") + _address(base))


def _wanted(given: QueryDict) -> dict[str, str]:
    kind = given.get("kind", "")
    return {
        "kind": kind if kind in Kind._value2member_map_ else "",
        "unread": "1" if given.get("unread") == "1" else "",
    }


def _narrowed(user: User, wanted: dict[str, str], company: int | None) -> QuerySet[Notice]:
    found = _theirs(user)
    if company:
        found = found.filter(company=company)
    if wanted["kind"]:
        found = found.filter(template__in=words.templates_of(Kind(wanted["kind"])))
    return found


def _address(values: dict[str, str]) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in values.items() if value})
    return "?" + query.urlencode() if query else "?"


def _told(notice: Notice) -> Told:
    data: dict[str, Any] = notice.data
    wording = words.WORDINGS.get(notice.template)
    shown = notice_letters.shown(notice)
    return Told(
        notice=notice,
        sentence=words.said(wording.sentence, shown)
        if wording
        else notice.template.replace("_", " ").capitalize(),
        colour=wording.tone if wording else "grey",
        party=shown.get("party", ""),
        amount=notice_letters.amount(data.get("amount", "")),
        due=shown.get("due", ""),
        comment=str(data.get("comment", "")),
        at=moments.moment(notice.created_at),
    )
