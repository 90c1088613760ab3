"""Spreadsheets of entries or deals: chosen, columns matched, looked through, imported, reported on.

`what`, from the address, is the kind of rows (flow.importing.kinds): a file of another kind is not there.
"""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.flow.importing import work
from alcada.flow.importing.kinds import KINDS, kind_of
from alcada.intake import drafts
from alcada.intake.files import safe_name
from alcada.people.models import Company, User
from alcada.people.queries import companies_where
from alcada.sheets import template as templates
from alcada.sheets.errors import SheetError
from alcada.sheets.models import Import
from alcada.web import imports_pages, imports_report, imports_words, intake_company
from alcada.web.downloads import csv_answer, file_answer
from alcada.web.guards import person
from alcada.web.imports_kinds import PAGES, pages_of

State = Import.State
_SLACK: Final = 64 * 1024  # of a request, beside the file: its other fields
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, what: str) -> HttpResponse:
    """Choose a file. One that is too large is refused by what its request says of itself: nothing of it is read."""
    most = settings.IMPORTS["max_mb"]
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and (not length.isdecimal() or int(length) > most * 1024 * 1024 + _SLACK):
        trouble = imports_words.file_problem(SheetError("too_large", most=most))
        return _upload_page(request, what, trouble=trouble, status=413)
    return _imports(request, what)


@csrf_protect
def _imports(request: HttpRequest, what: str) -> HttpResponse:
    if request.method != "POST":
        return _upload_page(request, what)
    user = person(request)
    allowed = _companies(user, what)
    company = intake_company.chosen(allowed, request.POST.get("company") or request.GET.get("company"))
    if company is None:
        return _upload_page(request, what, nobodys=True, status=422)
    upload = request.FILES.get("file")
    try:
        if not isinstance(upload, UploadedFile):
            raise SheetError("none")
        if (upload.size or 0) > settings.IMPORTS["max_mb"] * 1024 * 1024:
            raise SheetError("too_large", most=settings.IMPORTS["max_mb"])
        made = work.upload(
            company,
            upload.read(),
            name=safe_name(upload.name or ""),
            by=user,
            language=get_language() or settings.LANGUAGE_CODE,
            what=what,
        )
    except SheetError as error:
        return _upload_page(request, what, trouble=imports_words.file_problem(error), status=422)
    return _to(made)


def _upload_page(
    request: HttpRequest, what: str, *, trouble: str = "", nobodys: bool = False, status: int = 200
) -> HttpResponse:
    user = person(request)
    allowed = _companies(user, what)
    # Of a request that is refused for its size nothing is read, its other fields neither.
    asked = request.GET.get("company") or (request.POST.get("company") if status != 413 else None)
    company = intake_company.chosen(allowed, asked)
    earlier = Import.objects.filter(by=user, what=what, company__in=allowed).select_related("company")
    earlier = earlier.filter(company=company) if request.GET.get("company") and company else earlier
    context = {
        "pages": PAGES[what],
        "company": company,
        "companies": intake_company.options(allowed),
        "connected": company is None or company.connections.accounts().exists(),
        "trouble": trouble,
        "nobodys": nobodys,
        "most_mb": settings.IMPORTS["max_mb"],
        "most_lines": settings.IMPORTS["max_lines"],
        "most_bytes": settings.IMPORTS["max_mb"] * 1024 * 1024,
        "earlier": [
            imports_pages.earlier(row) for row in earlier.defer("content", "headers").order_by("-pk")[:20]
        ],
    }
    return render(request, "imports/upload.html", context, status=status)


def _companies(user: User, what: str) -> list[Company]:
    allowed = list(companies_where(user, KINDS[what].ability).order_by("name", "pk"))
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    return allowed


@require_safe
def template(request: HttpRequest, what: str, ending: str) -> HttpResponse:
    """The file to begin with, in the person's language."""
    user = person(request)
    allowed = _companies(user, what)
    company = intake_company.chosen(allowed, request.GET.get("company"))
    if ending not in ("xlsx", "csv"):
        raise Http404
    name = str(PAGES[what].file)
    found = PAGES[what].template(company, drafts.today(), user)
    if ending == "xlsx":
        return file_answer(f"{name}.xlsx", XLSX, templates.workbook(found))
    english = (get_language() or "").startswith("en")
    return csv_answer(f"{name}.csv", found.header, templates.as_texts(found.lines, english=english))


@require_safe
def one(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Whatever it is at: columns to confirm, progress, what the lines would make, what they made."""
    source = _own(request, what, pk)
    if source.state == State.MATCHING:
        return render(request, "imports/columns.html", imports_pages.columns(source))
    return render(request, "imports/import.html", imports_pages.lines(request, source))


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Which column is which, and how the lines are read."""
    source = _own(request, what, pk)
    if source.state not in (State.MATCHING, State.PREVIEW):
        return _to(source)
    if request.method != "POST":
        return render(request, "imports/columns.html", imports_pages.columns(source))
    try:
        if sheet := request.POST.get("sheet"):
            work.other_sheet(source, sheet)
            return _to(source)
        source.columns, source.options = _posted(request, source)
        problems = imports_pages.wrong_columns(source)
        if problems:
            context = imports_pages.columns(source, problems)
            return render(request, "imports/columns.html", context, status=422)
        work.match(source, source.columns, source.options)
    except work.NotNowError:
        messages.warning(request, _("This file is past that: nothing was changed."))
    return _to(source)


def _posted(request: HttpRequest, source: Import) -> tuple[list[str], dict[str, Any]]:
    names = {column.name for column in work.columns_of(source.company, source.what)}
    posted = [request.POST.get(f"column-{index}", "") for index in range(len(source.headers))]
    chosen = [name if name in names else "" for name in posted]
    options: dict[str, Any] = {}
    if source.what == "entries":
        options["kind"] = "receivable" if request.POST.get("kind") == "receivable" else "payable"
    if (mark := request.POST.get("decimal", "")) in (",", "."):
        options["decimal"] = mark
    if (group := request.POST.get("group_by", "")) in kind_of(source).groups:
        options["group_by"] = group
    if source.options.get("zeros"):
        options["zeros"] = True
    return chosen, options


@require_POST
def zeros(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Put the zeros back that a spreadsheet took from CPF and CNPJ."""
    source = _own(request, what, pk)
    try:
        work.match(source, source.columns, {**source.options, "zeros": True})
    except work.NotNowError:
        messages.warning(request, _("This file is past that: nothing was changed."))
    return _to(source)


@require_POST
def make(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Have the lines imported, as chosen."""
    source = _own(request, what, pk)
    choice = {
        "which": "all" if request.POST.get("which") == "all" else "good",
        "submit": request.POST.get("as") == "submitted",
        "asked": bool(request.POST.get("asked")),
        "twins": bool(request.POST.get("twins")),
    }
    try:
        work.start(source, choice, again=bool(request.POST.get("again")))
    except work.SeenBeforeError:
        context = imports_pages.lines(request, source) | {"again_missing": True}
        return render(request, "imports/import.html", context, status=422)
    except work.NotNowError:
        messages.warning(request, _("This file is being imported, or was: nothing was done twice."))
    except work.NotYoursError as exc:
        raise PermissionDenied from exc
    return _to(source)


@require_safe
def progress(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """The part of the page that follows; when it is over the page is loaded anew."""
    source = _own(request, what, pk)
    answer = render(request, "imports/_progress.html", imports_pages.progress(source))
    if source.state not in imports_pages.GOING:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_safe
def report(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Every line with what became of it; `?only=problems`: those that made nothing."""
    source = _own(request, what, pk)
    header, rows = imports_report.report(source, problems_only=request.GET.get("only") == "problems")
    return csv_answer(_("import report") + ".csv", header, rows)


def _own(request: HttpRequest, what: str, pk: int) -> Import:
    """Whoever sent a file has it imported, while they may enter in its company. Anybody else's is not there."""
    user = person(request)
    found = Import.objects.select_related("company", "by").defer("content")
    allowed = companies_where(user, KINDS[what].ability)
    source = found.filter(pk=pk, what=what, by=user, company__in=allowed).first()
    if source is None:
        raise Http404
    return source


def _to(source: Import) -> HttpResponse:
    return redirect(pages_of(source).at(source))
