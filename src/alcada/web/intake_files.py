"""Documents of an entry: kept as they come, given back as they came, and never as something that runs."""

from dataclasses import asdict, dataclass
from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alcada.intake import actions, files
from alcada.intake.models import Document, Entry
from alcada.intake.nfe import read_nfe
from alcada.intake.queries import entry_or_none
from alcada.intake.storage import path_of
from alcada.web.guards import person

# What a browser only shows. XML it would interpret: that is a download.
SHOWN: Final = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp"})
_SESSION: Final = "refused-files"


@dataclass(frozen=True)
class Refused:
    """What was not taken, for the page after the redirect: it stands beside the field, where the next try is made."""

    entry: int
    sentences: list[str]
    submits: bool  # it was to be submitted, and waits for the file


def keep(request: HttpRequest, entry: Entry, *, submits: bool) -> bool:
    """Keep what was sent with the form; a file that isn't taken is told by name, the others stay."""
    refused = []
    for upload in request.FILES.getlist("documents"):
        try:
            actions.add_document(entry, by=person(request), upload=upload)
        except files.UploadError as exc:
            refused.append(f"{files.safe_name(upload.name or '')}: {exc.message}")
    if refused:
        request.session[_SESSION] = asdict(Refused(entry.pk, refused, submits))
    return not refused


def pop_refused(request: HttpRequest, entry: Entry) -> Refused | None:
    """Told once, on the entry's own page."""
    if request.session.get(_SESSION, {}).get("entry") != entry.pk:
        return None
    return Refused(**request.session.pop(_SESSION))


@require_safe
def document(request: HttpRequest, pk: int, document_id: int) -> FileResponse:
    """The file, shown in the browser if it is a PDF or an image (`?download` saves it instead), else as a
    download.
    """
    entry = entry_or_none(person(request), pk)
    found = Document.objects.filter(entry=entry, pk=document_id).first() if entry else None
    if found is None:
        raise Http404
    inline = found.content_type in SHOWN and "download" not in request.GET
    try:
        opened = path_of(found.sha256).open("rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    response = FileResponse(
        opened, as_attachment=not inline, filename=found.name, content_type=found.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = _policy(found.content_type)
    # Its bytes never change under this address, but who may see them can.
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def text(request: HttpRequest, pk: int, document_id: int) -> HttpResponse:
    """An NF-e as a person reads it, as a fragment beside the entry's fields."""
    entry = entry_or_none(person(request), pk)
    found = Document.objects.filter(entry=entry, pk=document_id).first() if entry else None
    if found is None or not found.content_type.endswith("/xml"):
        raise Http404
    bill, refused = None, ""
    try:
        bill = read_nfe(path_of(found.sha256).read_bytes())
    except FileNotFoundError as exc:
        raise Http404 from exc
    except files.UploadError as exc:
        refused = exc.message
    context = {"bill": bill, "refused": refused, "document": found}
    return render(request, "entries/_nfe.html", context)


def _policy(content_type: str) -> str:
    policy = "default-src 'none'; frame-ancestors 'self'"
    if content_type == "application/pdf":
        # Browsers show no PDF in a sandbox. Their viewers run none of its scripts with our origin's rights.
        return f"{policy}; object-src 'self'; style-src 'unsafe-inline'"
    return f"{policy}; sandbox"
