"""One deal: its page, its form, and what moves it. The board and the list are in sales.py."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from alcada.flow import selling
from alcada.flow.queries import status_of
from alcada.flow.refusals import OBSTACLES, refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake.queries import entry_or_none
from alcada.people.models import Company, User
from alcada.people.queries import companies_where
from alcada.sales import actions
from alcada.sales.models import Deal, Stage
from alcada.sales.queries import deal_or_none, may_change, stages_of
from alcada.sales.rules import (
    ClosedError,
    DealChangedError,
    NotOpenableError,
    NotYoursError,
    Problems,
)
from alcada.web import deal_form, deal_terms, deal_words, intake_company, sales
from alcada.web.deal_form import DealForm
from alcada.web.fragments import toast
from alcada.web.guards import person

MOVING: Final = frozenset({"posting.queued", "posting.sending", "posting.unknown"})


def _deal(user: User, pk: int) -> Deal:
    found = deal_or_none(user, pk)
    if found is None:
        raise Http404
    return found


@require_safe
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _deal(person(request), pk))


def _page(request: HttpRequest, found: Deal, *, status: int = 200, **typed: Any) -> HttpResponse:
    """The whole page. `typed` brings back what a refused form held, and why it was refused."""
    user = person(request)
    changes = may_change(user, found)
    pipeline = found.stage.pipeline
    obstacle = selling.obstacle(found, by=user) if found.state == Deal.State.WON else ""
    context = {
        "deal": found,
        "colour": deal_words.COLOURS[Deal.State(found.state)],
        "changes": changes,
        "stages": stages_of(pipeline) if changes else [],
        "obstacle": OBSTACLES.get(obstacle, ""),
        "lines": deal_words.lines(found),
        **deal_terms.preview(found.terms, found.value, found.expected_on),
        **_receivable(user, found),
        **typed,
    }
    return render(request, "sales/deal.html", context, status=status)


def _receivable(user: User, found: Deal) -> dict[str, Any]:
    """Where its receivable is; set aside while the deal is open."""
    if found.entry is None:
        return {"deal": found, "receivable": None}
    seen = entry_or_none(user, found.entry.pk)
    status = status_of(found.entry)
    return {
        "deal": found,
        "receivable": found.entry,
        "receivable_seen": seen is not None,
        "receivable_status": status,
        "receivable_aside": found.entry.discarded_at is not None,
        "every": 2 if status.code in MOVING else 0,
        "parts_frozen": list(found.entry.current.instalments.all()) if found.entry.current else [],
    }


@require_safe
def receivable(request: HttpRequest, pk: int) -> HttpResponse:
    """The box of the receivable, as a fragment: it moves by itself while it is posted."""
    user = person(request)
    return render(request, "sales/_receivable.html", _receivable(user, _deal(user, pk)))


# --- The form --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """An empty form; nothing is saved until it is sent."""
    user = person(request)
    allowed = list(companies_where(user, "deal.create").order_by("name", "pk"))
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    company = intake_company.chosen(allowed, request.POST.get("company") or request.GET.get("company"))
    if company is None:
        return render(request, "sales/choose_company.html", {"companies": allowed})
    if request.method != "POST":
        initial = deal_form.empty(company, user) | {"stage": request.GET.get("stage", "")}
        return _form(request, DealForm(company, user, initial=initial))
    if (do := request.POST.get("do", "save")).startswith("party"):
        return _pressed(request, do, company, None)
    form = DealForm(company, user, request.POST)
    made = _save(form) if form.is_valid() else None
    if made is None:
        return _form(request, form, status=422)
    if do == "win":
        return _win(request, made)
    messages.success(request, _("Deal saved."))
    return redirect("deal", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The same form on a deal. `?check` shows what stands in the way of winning it."""
    user = person(request)
    found = _deal(user, pk)
    if not may_change(user, found):
        raise PermissionDenied(_("Only its owner, finance or an administrator changes a deal."))
    if found.state != Deal.State.OPEN:
        messages.info(request, _("To change a deal that is won or lost, reopen it first."))
        return redirect("deal", found.pk)
    if request.method != "POST":
        return _edit_page(request, found)
    if (do := request.POST.get("do", "save")).startswith("party"):
        return _pressed(request, do, found.company, found)
    form = DealForm(found.company, user, request.POST, deal=found)
    try:
        saved = _save(form, version=_whole(request.POST.get("version", ""))) if form.is_valid() else None
    except DealChangedError:
        return _form(request, form, found, status=422, meanwhile=True)
    except ClosedError:
        messages.warning(request, _("Somebody closed this deal meanwhile; nothing was changed."))
        return redirect("deal", found.pk)
    if saved is None:
        return _form(request, form, found, status=422)
    if do == "win":
        return _win(request, saved)
    messages.success(request, _("Deal saved."))
    return redirect("deal", saved.pk)


def _save(form: DealForm, version: int = 0) -> Deal | None:
    """None: what is wrong stands beside its field."""
    try:
        with transaction.atomic():
            customer = form.customer()
            if customer is None:
                return None
            content = form.content(customer)
            if form.deal is None:
                return actions.create(form.company, content, by=form.by, form=form.cleaned_data["form"])
            return actions.change(form.deal.pk, content, version=version, by=form.by)
    except Problems as exc:
        form.take(exc)
        return None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _edit_page(request: HttpRequest, found: Deal) -> HttpResponse:
    user = person(request)
    typed = deal_form.of_deal(found)
    if "check" not in request.GET:
        return _form(request, DealForm(found.company, user, deal=found, initial=typed), found)
    form = DealForm(found.company, user, typed, deal=found)
    form.is_valid()
    try:
        selling.check(found, by=user)
    except Problems as exc:
        form.take(exc)
    except SubmissionRefusedError as exc:
        form.add_error(None, refusal(exc))
    return _form(request, form, found, checked=True)


def _pressed(request: HttpRequest, do: str, company: Company, found: Deal | None) -> HttpResponse:
    """A small button of the customer's box: the form again with the change made, nothing saved."""
    user = person(request)
    typed: dict[str, Any] = {name: str(value).replace("\x00", "") for name, value in request.POST.items()}
    focus = deal_form.press(do, typed, company, user)
    return _form(request, DealForm(company, user, deal=found, initial=typed), found, focus=focus)


def _form(
    request: HttpRequest, form: DealForm, found: Deal | None = None, *, status: int = 200, **more: Any
) -> HttpResponse:
    focus = more.get("focus")
    if focus in form.fields:
        form.fields[focus].widget.attrs["data-focus"] = True
    typed = {name: str(form[name].value() or "") for name in ("terms", "amount", "expected_on")}
    version = form.deal.version if form.deal else 0
    if not more.get("meanwhile") and request.method == "POST":
        version = _whole(request.POST.get("version", "")) or version
    context = {
        "form": form,
        "deal": found,
        "company": form.company,
        "version": version,
        **deal_terms.typed_preview(typed),
        **more,
    }
    return render(request, "sales/form.html", context, status=status)


# --- Moving ----------------------------------------------------------------------------------------------------


@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """To a stage ("stage-12"), "won", "lost" (with its reason), or "open" again: from the board or the deal's page."""
    user = person(request)
    found = _deal(user, pk)
    to = request.POST.get("to", "")
    if not may_change(user, found):
        raise PermissionDenied(_("Only its owner, finance or an administrator changes a deal."))
    if to == "won":
        return _win(request, found)
    try:
        text = _moved(request, user, found, to)
    except Problems as exc:
        reason = request.POST.get("reason", "")
        errors = [sentence for sentences in exc.fields.values() for sentence in sentences]
        if request.htmx:  # type: ignore[attr-defined]
            return toast(sales.board_fragment(request, found), errors[0], "error")
        return _page(request, found, status=422, reason=reason, reason_errors=errors)
    except NotOpenableError as exc:
        return _not_openable(request, found, exc)
    except NotYoursError as exc:
        raise PermissionDenied from exc
    return _answer(request, found, text)


def _moved(request: HttpRequest, user: User, found: Deal, to: str) -> str:
    if to == "lost":
        selling.lose(found.pk, request.POST.get("reason", ""), by=user)
        return _("Marked as lost.")
    if to == "open":
        selling.reopen(found.pk, by=user)
        return _("The deal is open again.")
    key = _whole(to.removeprefix("stage-"))
    stage = Stage.objects.filter(pk=key, pipeline__company=found.company).first()
    if stage is None:
        raise Http404
    selling.move(found.pk, stage, by=user)
    return _("Moved to %(stage)s.") % {"stage": stage.name}


def _win(request: HttpRequest, found: Deal) -> HttpResponse:
    user = person(request)
    try:
        won = selling.win(found.pk, by=user)
    except (Problems, SubmissionRefusedError):
        return _go(
            request, reverse("deal-edit", args=[found.pk]) + "?check=1"
        )  # says what is wrong, beside its field
    except ClosedError:
        messages.warning(request, _("The deal was lost meanwhile. Reopen it first."))
        return _go(request, reverse("deal", args=[found.pk]))
    except NotOpenableError as exc:
        return _not_openable(request, found, exc)
    except NotYoursError as exc:
        raise PermissionDenied from exc
    entry = won.deal.entry
    assert entry is not None
    if won.already:
        text = _("It was won already: receivable #%(number)s.") % {"number": entry.number}
    else:
        text = _("Won. Receivable #%(number)s was made.") % {"number": entry.number}
    return _answer(request, found, text)


def _not_openable(request: HttpRequest, found: Deal, exc: NotOpenableError) -> HttpResponse:
    messages.error(request, str(OBSTACLES[exc.code]))
    return _go(request, reverse("deal", args=[found.pk]))


def _answer(request: HttpRequest, found: Deal, text: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return toast(sales.board_fragment(request, found), text)
    messages.success(request, text)
    return redirect("deal", found.pk)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)  # type: ignore[attr-defined]
