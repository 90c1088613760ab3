"""The examination's part about mappings: what the accounts changed under us, and what waits for somebody to choose."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alcada.connections.mapping import TROUBLED
from alcada.connections.models import Connection
from alcada.directory.models import Counterpart
from alcada.posting.models import Question


def findings() -> Iterator[tuple[str, str, str, str]]:
    """(level, area, sentence, what to do), as the doctor's findings are made of."""
    troubled = Counterpart.objects.filter(TROUBLED).values("connection")
    gone = Count("pk", filter=~Q(trouble=""))
    found = {row["connection"]: row for row in troubled.annotate(gone=gone, count=Count("pk"))}
    for connection in Connection.objects.filter(pk__in=found).select_related("company").order_by("pk"):
        row = found[connection.pk]
        sentence = ngettext(
            "%(company)s, %(name)s: %(count)s thing that is mapped was renamed, deactivated or deleted there.",
            "%(company)s, %(name)s: %(count)s things that are mapped were renamed, deactivated or deleted there.",
            row["count"],
        )
        named = {"company": connection.company.name, "name": connection.name, "count": row["count"]}
        todo = _("Open the connection, Mapping: confirm each, or choose another.")
        yield "problem" if row["gone"] else "warning", "mapping", sentence % named, todo
    waiting = Count("postings", filter=Q(postings__state="refused"))
    asked = Question.objects.filter(answer="").annotate(waiting=waiting).filter(waiting__gt=0).count()
    if asked:
        sentence = ngettext(
            "%(count)s question about a vendor, cost centre or category holds postings back.",
            "%(count)s questions about vendors, cost centres or categories hold postings back.",
            asked,
        )
        yield "warning", "mapping", sentence % {"count": asked}, _("Open Postings: each says what to choose.")
    if not found and not asked:
        yield "ok", "mapping", _("Everything that is mapped is there, under the name that we know."), ""
