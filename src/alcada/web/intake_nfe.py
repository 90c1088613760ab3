"""NF-e files: several at once, each with its own report."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alcada.intake.imports import FileReport, import_nfe
from alcada.intake.queries import entry_or_none
from alcada.people.models import User
from alcada.web import intake_company
from alcada.web.guards import person


@require_http_methods(["GET", "HEAD", "POST"])
def nfe(request: HttpRequest) -> HttpResponse:
    """Choose or drop files; the answer says of each what became of it."""
    user = person(request)
    companies = intake_company.companies(user)
    if not companies:
        raise PermissionDenied(_("None of your roles allows this."))
    company = intake_company.chosen(companies, request.POST.get("company") or request.GET.get("company"))
    options = intake_company.options(companies)
    context: dict[str, Any] = {"companies": options, "company": company, "reports": []}
    if request.method == "POST" and company is None:
        context["nobodys"] = True
        return render(request, "intake/nfe.html", context, status=422)
    if request.method == "POST" and company:
        uploads = request.FILES.getlist("files")
        reports = import_nfe(company, uploads, by=user)
        context |= {"reports": [_line(report, user) for report in reports], "nothing": not uploads}
        context |= {"made": sum(report.outcome == "imported" for report in reports)}
    return render(request, "intake/nfe.html", context)


def _line(report: FileReport, user: User) -> dict[str, Any]:
    """A link only to what the person may see: the first import may be a colleague's."""
    seen = report.entry is not None and entry_or_none(user, report.entry.pk) is not None
    return {"report": report, "linked": seen}
