"""The examination as a page, for whoever runs the installation. Asking Conta Azul as well takes a button."""

from itertools import groupby
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from alcada.flow import doctor as examination
from alcada.flow import report as reports
from alcada.flow.findings import Finding
from alcada.web.guards import administrator_required

AREAS: Final[dict[str, str | Promise]] = {
    "database": lazy("Database"),
    "clock": lazy("Clock"),
    "workers": lazy("Workers"),
    "connections": lazy("Connections"),
    "mapping": lazy("Mapping"),
    "postings": lazy("Postings"),
    "history": lazy("History"),
    "mail": lazy("E-mail"),
}
_WORST_FIRST: Final = {"problem": 0, "warning": 1, "ok": 2}


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def doctor(request: HttpRequest) -> HttpResponse:
    online = request.method == "POST"  # calls Conta Azul, so no link or preview may set it off
    findings = sorted(examination.examine(online=online, whole=online), key=_place)
    areas = [
        (AREAS.get(area, area), list(found))
        for area, found in groupby(findings, key=lambda finding: finding.area)
    ]
    context = {
        "areas": areas,
        "problems": sum(finding.level == "problem" for finding in findings),
        "warnings": sum(finding.level == "warning" for finding in findings),
        "online": online,
    }
    return render(request, "doctor/doctor.html", context)


@require_safe
@administrator_required
def report(request: HttpRequest) -> HttpResponse:
    """To be sent to whoever supports the installation. Conta Azul is not asked: a link may not set that off."""
    made = reports.report(examination.examine(online=False, whole=False))
    answer = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 2})
    name = timezone.localtime().strftime("alcada-%Y%m%d-%H%M.json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _place(finding: Finding) -> tuple[int, str, int]:
    """By area, what is worst first."""
    order = list(AREAS).index(finding.area) if finding.area in AREAS else len(AREAS)
    return order, finding.area, _WORST_FIRST[finding.level]
