"""Filters of the list of entries under a name: saved, and taken away."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alcada.intake import saved
from alcada.intake.rules import key
from alcada.people.models import Company
from alcada.web.guards import company_or_404, person
from alcada.web.intake_list import address, asked


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save what the list shows; what was typed for the name comes back when it can't be."""
    user = person(request)
    wanted, sort = asked(request.POST)
    filters = {**wanted, "sort": sort}
    company: Company | None = None
    if shared := request.POST.get("share", ""):
        company = company_or_404(request, key(shared), "filter.share")
    try:
        made = saved.keep(
            request.POST.get("name", ""),
            filters,
            by=user,
            share_with=company,
            default=bool(request.POST.get("default")),
        )
    except saved.NotYoursToShareError as exc:
        raise PermissionDenied from exc
    except saved.SavedFilterError as error:
        return redirect(
            reverse("entries") + address(filters, saving=request.POST.get("name", "")[:200], wrong=error.code)
        )
    messages.success(request, _("“%(name)s” is saved.") % {"name": made.name})
    return redirect(reverse("entries") + address(made.filters, saved=str(made.pk)))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    found = saved.visible(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        saved.remove(found, by=user)
    except saved.NotYoursToShareError as exc:
        raise PermissionDenied(_("%(name)s saved this filter.") % {"name": found.owner.name}) from exc
    messages.success(request, _("“%(name)s” is no saved filter any more.") % {"name": found.name})
    return redirect(reverse("entries") + "?saved=none")
