"""What the person was told, and marking it as read. Opening a notice reads it: a POST, like any change."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from alcada import money
from alcada.notify.models import Notice
from alcada.people.models import User
from alcada.web import moments
from alcada.web.context import register_count
from alcada.web.guards import person

PAGE: Final = 30

# notify's templates -> one sentence, and the colour of its mark.
SENTENCES: Final[dict[str, tuple[str | Promise, str]]] = {
    "asked": (lazy("Asks for your decision"), "blue"),
    "entry_posted": (lazy("Posted to Conta Azul"), "green"),
    "entry_paid": (lazy("Settled in Conta Azul"), "green"),
    "entry_changed": (lazy("Changed in Conta Azul after it was approved"), "yellow"),
    "entry_gone": (lazy("Gone from Conta Azul"), "red"),
    "account_stopped": (lazy("The account %(account)s stopped: what is approved waits for it"), "yellow"),
    "mapping_changed": (lazy("Renamed, deactivated or deleted in the account %(account)s"), "yellow"),
    "question": (lazy("A posting waits for your choice"), "yellow"),
    "vendor_held": (lazy("A new vendor waits for a second look"), "yellow"),
    "entry_rejected": (lazy("Rejected by %(who)s"), "red"),
    "correction_asked": (lazy("Asks for your decision on a correction"), "blue"),
    "correction_rejected": (lazy("Correction rejected by %(who)s"), "red"),
    "correction_sent_back": (lazy("Correction sent back by %(who)s"), "yellow"),
    "correction_asks": (lazy("A correction waits for you"), "yellow"),
    "correction_left": (lazy("A correction left something to do in Conta Azul"), "yellow"),
    "entry_corrected": (lazy("Corrected in Conta Azul"), "green"),
    "entry_sent_back": (lazy("Sent back by %(who)s"), "yellow"),
}


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
    return Notice.objects.filter(user=user, read_at=None).count()


register_count("notices", unread_count)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    user = person(request)
    found = Notice.objects.filter(user=user).select_related("company").order_by("-created_at", "-pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_told(notice) for notice in page.object_list],
        "unread": unread_count(user),
    }
    return render(request, "notices/list.html", context)


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it and go where it points. The address was written by the product, never by a visitor."""
    notice = get_object_or_404(Notice, pk=pk, user=person(request))
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=timezone.now())
    return redirect(notice.link or "notices")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    Notice.objects.filter(user=person(request), read_at=None).update(read_at=timezone.now())
    return redirect("notices")


def _told(notice: Notice) -> Told:
    data: dict[str, Any] = notice.data
    sentence, colour = SENTENCES.get(
        notice.template, (notice.template.replace("_", " ").capitalize(), "grey")
    )
    return Told(
        notice=notice,
        sentence=str(sentence) % {"who": data.get("who", ""), "account": data.get("account", "")}
        if "%(" in str(sentence)
        else str(sentence),
        colour=colour,
        party=str(data.get("party", "")),
        amount=_amount(data.get("amount")),
        due=_due(data.get("due")),
        comment=str(data.get("comment", "")),
        at=moments.moment(notice.created_at),
    )


def _amount(text: Any) -> str:
    try:
        return money.format_brl(Decimal(str(text)), "BRL", get_language() or "pt-br")
    except (InvalidOperation, ValueError):
        return ""


def _due(text: Any) -> str:
    try:
        return date.fromisoformat(str(text)).strftime("%d/%m/%Y")
    except ValueError:
        return ""
