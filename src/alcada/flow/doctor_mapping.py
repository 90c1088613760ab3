"""The examination's part about mappings: what the accounts changed under us, and what waits for somebody to choose."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alcada.connections.mapping import TROUBLED
from alcada.connections.models import Connection
from alcada.directory.models import Counterpart
from alcada.flow.findings import Finding
from alcada.posting.models import Question


def findings() -> Iterator[Finding]:
    """What was changed there, and what waits for an answer."""
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
        yield Finding(
            "problem" if row["gone"] else "warning",
            "mapping",
            sentence % named,
            todo,
            code="mapping_changed",
            facts={"connection": connection.pk, "count": row["count"]},
        )
    waiting = Count("postings", filter=Q(postings__state="refused"))
    asked = Question.objects.filter(answer="").annotate(waiting=waiting).filter(waiting__gt=0).count()
    if asked:
        sentence = ngettext(
            "%(count)s question about a vendor, cost centre or category holds postings back.",
            "%(count)s questions about vendors, cost centres or categories hold postings back.",
            asked,
        )
        yield Finding(
            "warning",
            "mapping",
            sentence % {"count": asked},
            _("Open Postings: each says what to choose."),
            code="questions",
            facts={"count": asked},
        )
    if not found and not asked:
        sentence = _("Everything that is mapped is there, under the name that we know.")
        yield Finding("ok", "mapping", sentence, code="mapping_agrees")
