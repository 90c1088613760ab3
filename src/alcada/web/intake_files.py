"""Documents of an entry, given back as they came, and never as something that runs."""

from typing import Final

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from alcada.intake.models import Document
from alcada.intake.queries import entry_or_none
from alcada.intake.storage import path_of
from alcada.web.guards import person

# What a browser only shows. XML it would interpret: that is a download.
SHOWN: Final = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp"})


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


def _policy(content_type: str) -> str:
    policy = "default-src 'none'; frame-ancestors 'self'"
    if content_type == "application/pdf":
        # Browsers show no PDF in a sandbox. Their viewers run none of its scripts with our origin's rights.
        return f"{policy}; object-src 'self'; style-src 'unsafe-inline'"
    return f"{policy}; sandbox"
