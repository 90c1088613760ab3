"""An entry on paper: all that an auditor asks for. Every revision, every decision and what it judged, every posting
with its ids, the whole history with its hashes, and whether the chain of these still holds.
"""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from alcada.approval.models import Round, Step
from alcada.flow.queries import status_of
from alcada.history import queries as history
from alcada.history.models import Chain
from alcada.intake.models import Document, Entry, Revision
from alcada.intake.queries import content_of, entry_or_none
from alcada.intake.rules import as_data
from alcada.posting.models import Posting
from alcada.web import evidence, frozen, timeline
from alcada.web.guards import person


@dataclass(frozen=True)
class Judged:
    """A round with its steps: who was asked about which revision, who answered what, and when."""

    round: Round
    steps: list[Step]


@dataclass(frozen=True)
class Version:
    revision: Revision
    facts: list[tuple[str, str]]
    changes: list[frozen.Change]
    rounds: list[Judged]


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    found = entry_or_none(user, pk)
    if found is None:
        raise Http404
    chain = Chain.objects.filter(kind=Entry._meta.label_lower, key=found.pk).first()
    context: dict[str, Any] = {
        "entry": found,
        "status": status_of(found),
        "versions": _versions(found),
        "documents": list(Document.objects.filter(entry=found).select_related("added_by")),
        "postings": list(
            Posting.objects.filter(entry=found).select_related("connection", "revision").order_by("pk")
        ),
        "lines": timeline.of(found)[::-1],
        "chain": chain,
        "whole": chain is not None and not any(True for _break in history.breaks_of(chain)),
        "printed_at": timezone.now(),
        "printed_by": user,
    }
    return render(request, "entries/print.html", context)


def _versions(found: Entry) -> list[Version]:
    related = ("entry", "party", "bank_account", "created_by")
    revisions = found.revisions.select_related(*related).prefetch_related("splits", "instalments")
    return [
        Version(
            revision=revision,
            facts=frozen.facts(as_data(content_of(revision))),
            changes=evidence.changes_of(revision),
            rounds=[Judged(round_, _steps(round_)) for round_ in revision.rounds.order_by("pk")],
        )
        for revision in revisions.order_by("number")
    ]


def _steps(round_: Round) -> list[Step]:
    return list(round_.steps.select_related("decision__by").prefetch_related("asked__user").order_by("order"))
