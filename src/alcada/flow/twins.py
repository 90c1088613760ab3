"""Before people decide: is an entry like this one in the account's own books already, put there by hand?"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from alcada import queue
from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.history.actions import line, record_all
from alcada.intake.models import Revision
from alcada.ledger import rules
from alcada.ledger import search as books
from alcada.ledger.models import TwinSearch
from alcada.posting.models import Posting
from alcada.posting.parties import party_ids

TOGETHER: Final = 50  # of one account: what they want to know of it is read at once
Twins = list[dict[str, Any]]


def begin(submitted: Sequence[tuple[Revision, Connection]]) -> None:
    """Note that these are to be searched for in their accounts, and queue it; in the transaction that froze them."""
    waiting = TwinSearch.objects.bulk_create(
        TwinSearch(revision=revision, connection=connection) for revision, connection in submitted
    )
    search_later((one.revision_id, one.connection_id, one.revision.entry.kind) for one in waiting)


def search_later(waiting: Iterable[tuple[int, int, str]], *, priority: int = 5) -> None:
    """Queue the searches: of each the revision's key, the account's, and whether it is a payable or a receivable."""
    jobs = []
    for _, alike in groupby(sorted(waiting, key=_account), key=_account):
        revision_ids = sorted(revision_id for revision_id, _, _ in alike)
        for first in range(0, len(revision_ids), TOGETHER):
            jobs.append({"revision_ids": revision_ids[first : first + TOGETHER]})
    if jobs:
        queue.defer_all("search_twins", jobs, priority=priority)


def _account(waiting: tuple[int, int, str]) -> tuple[int, str]:
    return waiting[1:]


def search(revision_ids: Sequence[int]) -> None:
    """Search, and keep what was found for whoever approves. A failure is shown as such: approving goes on."""
    found = TwinSearch.objects.select_related("revision__entry").prefetch_related("revision__instalments")
    waiting = found.filter(revision_id__in=revision_ids).exclude(state=TwinSearch.State.DONE).order_by("pk")
    by_account = sorted(waiting, key=_of)
    for (connection_id, kind), alike in groupby(by_account, key=_of):
        _search(connection_id, kind, [one.revision for one in alike])


def _of(waiting: TwinSearch) -> tuple[int, str]:
    return waiting.connection_id, waiting.revision.entry.kind


def _search(connection_id: int, kind: str, revisions: Sequence[Revision]) -> None:
    wanted = _wanted(connection_id, kind, revisions)
    try:
        listed = books.listed(connection_id, kind=kind, wanted=list(wanted.values()))
    except books.FAILURES as exc:
        _keep(TwinSearch.State.FAILED, {revision.pk: [] for revision in revisions}, str(exc))
        return
    likely = {revision.pk: rules.likely_twins(wanted[revision.pk], listed) for revision in revisions}
    ours = _ours(connection_id, [item.id for items in likely.values() for item in items])
    twins = {
        revision.pk: [
            item.shown(ours.get(item.id))
            for item in likely[revision.pk]
            if ours.get(item.id) != revision.entry_id
        ]
        for revision in revisions
    }
    _keep(TwinSearch.State.DONE, twins, "")


def _wanted(connection_id: int, kind: str, revisions: Sequence[Revision]) -> dict[int, rules.Wanted]:
    """What each would look like there, by the revision's key."""
    remote = party_ids(connection_id, kind, {revision.party_id for revision in revisions})
    return {
        revision.pk: rules.Wanted(
            party_name=documents.normalise_name(revision.party_name),
            party_remote_id=remote.get(revision.party_id, ""),
            parts=[(part.due_date, part.amount) for part in revision.instalments.all()],
        )
        for revision in revisions
    }


def _ours(connection_id: int, instalment_ids: list[str]) -> dict[str, int]:
    """Those of the instalments that we posted there ourselves: a twin all the same. Instalment → entry here."""
    if not instalment_ids:
        return {}
    posted = Posting.objects.filter(
        connection_id=connection_id, remote_instalment_ids__has_any_keys=instalment_ids
    )
    found = posted.values_list("remote_instalment_ids", "entry_id")
    return {pk: entry for ids, entry in found for pk in ids}


def _keep(state: TwinSearch.State, twins: dict[int, Twins], detail: str) -> None:
    """What was found, by the revision's key. What another search has told meanwhile stays."""
    with transaction.atomic():
        rows = TwinSearch.objects.select_for_update(of=("self",)).select_related("revision__entry__company")
        waiting = list(rows.filter(revision_id__in=twins).exclude(state=TwinSearch.State.DONE).order_by("pk"))
        for one in waiting:
            one.state, one.detail, one.searched_at = state, detail, timezone.now()
            one.found = twins[one.revision_id]
        TwinSearch.objects.bulk_update(waiting, ["state", "detail", "searched_at", "found"])
        record_all(
            [
                line(
                    "ledger.twins_searched",
                    one.revision.entry,
                    company=one.revision.entry.company,
                    data={"state": state.value, "found": one.found},
                )
                for one in waiting
            ]
        )
