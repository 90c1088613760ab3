"""Bulk set-up: a file of companies, accounts, rules and mappings is looked at, then made. For the installation."""

from collections import Counter
from typing import Any, Final

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.connections.bulk import columns, imports, sheet
from alcada.connections.bulk.sheet import SheetError
from alcada.connections.models import BulkImport
from alcada.intake.files import safe_name
from alcada.web import bulk_words
from alcada.web.downloads import csv_answer
from alcada.web.guards import administrator_required, person

PER_PAGE: Final = 50
State = BulkImport.State


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def bulk(request: HttpRequest) -> HttpResponse:
    """Choose a file; it is only looked at."""
    trouble = ""
    if request.method == "POST":
        try:
            name, data = _uploaded(request)
            made = imports.look_at(data, name=name, by=person(request))
        except SheetError as error:
            trouble = bulk_words.file_problem(error)
        else:
            return redirect("bulk-import", made.pk)
    earlier = BulkImport.objects.filter(by=person(request)).order_by("-pk").defer("content", "report")
    context = {
        "trouble": trouble,
        "earlier": earlier[:10],
        "columns": [columns.header(each, get_language() or "pt-br") for each in columns.COLUMNS],
        "most": sheet.MOST_LINES,
    }
    return render(request, "bulk/upload.html", context, status=422 if trouble else 200)


@require_safe
@administrator_required
def template(request: HttpRequest) -> HttpResponse:
    """The columns, with one line of each kind."""
    header, lines = columns.template(get_language() or "pt-br")
    return csv_answer(_("bulk set-up") + ".csv", header, lines)


@require_safe
@administrator_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file would make; while it is made; what it made."""
    row = _own(request, pk)
    return render(request, "bulk/import.html", _context(request, row))


@require_POST
@administrator_required
def make(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    try:
        imports.start(row, only_good=request.POST.get("which") == "good")
    except imports.NotNowError:
        messages.warning(request, _("This file is being made, or was: nothing was done twice."))
    return redirect("bulk-import", pk)


@require_safe
@administrator_required
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that follows; when it is over the page is loaded anew."""
    row = _own(request, pk)
    answer = render(request, "bulk/_progress.html", _progress(row))
    if row.state not in (State.QUEUED, State.RUNNING):
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_safe
@administrator_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as a table to download, each line with its number in the file."""
    row = _own(request, pk)
    header = [
        _("Line"),
        _("What"),
        "CPF/CNPJ",
        _("Company"),
        _("Account"),
        _("Outcome"),
        _("What it makes"),
        _("Problems"),
    ]
    shown = [bulk_words.shown(verdict) for verdict in row.report]
    rows = [
        [
            each["line"],
            each["what"],
            each["document"],
            each["company"],
            each["account"],
            each["label"],
            "; ".join(each["effects"]),
            " ".join(each["problems"]),
        ]
        for each in shown
    ]
    return csv_answer(_("report") + ".csv", header, rows)


def _context(request: HttpRequest, row: BulkImport) -> dict[str, Any]:
    counts = Counter(verdict["outcome"] for verdict in row.report)
    wanted = request.GET.get("outcome", "")
    wanted = wanted if wanted in bulk_words.OUTCOMES else ""
    verdicts = [verdict for verdict in row.report if wanted in ("", verdict["outcome"])]
    page = Paginator(verdicts, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "row": row,
        "page": page,
        "lines": [bulk_words.shown(verdict) for verdict in page],
        "counts": [
            (name, label, tone, counts[name])
            for name, (label, tone) in bulk_words.OUTCOMES.items()
            if counts[name]
        ],
        "wanted": wanted,
        "refused": counts["refused"],
        "good": counts["made"] + counts["changed"],
        "all": len(row.report),
        "waits": any(
            code.endswith("_waits") for verdict in row.report for code, _figures in verdict["effects"]
        ),
        **_progress(row),
    }


def _progress(row: BulkImport) -> dict[str, Any]:
    going = row.state in (State.QUEUED, State.RUNNING)
    since = timezone.now() - row.started_at if row.started_at else None
    return {
        "row": row,
        "going": going,
        "slow": row.state == State.QUEUED and since is not None and since.total_seconds() > 20,
        "lost": going and since is not None and since > imports.LOST_AFTER,
    }


def _uploaded(request: HttpRequest) -> tuple[str, bytes]:
    """Raises SheetError; one that is too large is not read at all."""
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise SheetError("empty")
    if (upload.size or 0) > sheet.MOST_BYTES:
        raise SheetError("too_large", most=sheet.MOST_BYTES // 1024 // 1024)
    return safe_name(upload.name or ""), upload.read()


def _own(request: HttpRequest, pk: int) -> BulkImport:
    """Whoever looked at a file has it made: what it may change depends on them."""
    row = BulkImport.objects.filter(by=person(request), pk=pk).first()
    if row is None:
        raise Http404
    return row
