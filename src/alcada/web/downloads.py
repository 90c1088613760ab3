"""Tables to download, as a spreadsheet opens them in Brazil: semicolons, a byte order mark, no formula in any cell."""

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.http import HttpResponse

from alcada.flow.cells import plain


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([plain(cell) for cell in header])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    return file_answer(name, "text/csv; charset=utf-8", b"\xef\xbb\xbf" + csv_text(header, rows).encode())


def file_answer(name: str, content_type: str, data: bytes) -> HttpResponse:
    """A file to keep, never to show."""
    answer = HttpResponse(data, content_type=content_type)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
