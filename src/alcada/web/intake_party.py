"""Whom the form's typed text may mean: fragments beside its fields.

By POST, although they only read: what is typed may be a CPF, and proxies write addresses into their logs.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from alcada.directory import documents
from alcada.directory.models import EntryKind
from alcada.directory.queries import find_party, search_parties
from alcada.people.models import Company
from alcada.sentences import document_sentence
from alcada.web import intake_company
from alcada.web.guards import person


@require_POST
def parties(request: HttpRequest) -> HttpResponse:
    """Whom the typed text may mean, as a fragment under the search box."""
    company = _company(request)
    kind = request.POST.get("kind", "")
    if company is None or kind not in EntryKind.values:
        raise Http404
    text = request.POST.get("party_name", "").strip()
    found = search_parties(company, kind, text, 8) if text else []
    return render(request, "intake/_parties.html", {"found": found, "text": text, "kind": kind})


@require_POST
def check_document(request: HttpRequest) -> HttpResponse:
    """Is this CPF or CNPJ right, and is it somebody we know? A fragment beside the field."""
    company = _company(request)
    if company is None:
        raise Http404
    typed = request.POST.get("party_document", "")
    context: dict[str, Any] = {"typed": typed.strip()}
    if typed.strip():
        try:
            context["document"] = documents.check(typed)
            context["known"] = find_party(company, document=typed)
        except documents.DocumentError as exc:
            context["wrong"] = document_sentence(exc.code)
    return render(request, "intake/_document_check.html", context)


def _company(request: HttpRequest) -> Company | None:
    """The form's company, one in which the person may enter something."""
    return intake_company.chosen(intake_company.companies(person(request)), request.POST.get("company"))
