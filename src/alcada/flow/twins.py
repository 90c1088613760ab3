"""Before people decide: is an entry like this one in the account's own books already, put there by hand?"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from alcada.directory import documents
from alcada.directory.models import Counterpart
from alcada.history.actions import record
from alcada.intake.models import Revision
from alcada.ledger import rules
from alcada.ledger import search as books
from alcada.ledger.models import TwinSearch
from alcada.posting.models import Posting


def search(revision_id: int) -> None:
    """Search, and keep what was found for whoever approves. A failure is shown as such: approving goes on."""
    waiting = TwinSearch.objects.select_related("revision__entry__company").get(revision_id=revision_id)
    if waiting.state == TwinSearch.State.DONE:
        return
    revision = waiting.revision
    wanted = _wanted(revision, waiting.connection_id)
    try:
        listed = books.listed(waiting.connection_id, kind=revision.entry.kind, wanted=wanted)
    except books.FAILURES as exc:
        _keep(waiting, revision, TwinSearch.State.FAILED, [], str(exc))
        return
    likely = rules.likely_twins(wanted, listed)
    ours = _ours(waiting.connection_id, [item.id for item in likely]) if likely else {}
    twins = [item.shown(ours.get(item.id)) for item in likely if ours.get(item.id) != revision.entry_id]
    _keep(waiting, revision, TwinSearch.State.DONE, twins, "")


def _wanted(revision: Revision, connection_id: int) -> rules.Wanted:
    known = Counterpart.objects.filter(connection_id=connection_id, party_id=revision.party_id).first()
    return rules.Wanted(
        party_name=documents.normalise_name(revision.party_name),
        party_remote_id=known.remote_id if known else "",
        parts=[(part.due_date, part.amount) for part in revision.instalments.all()],
    )


def _ours(connection_id: int, instalment_ids: list[str]) -> dict[str, int]:
    """Those of the instalments that we posted there ourselves: a twin all the same. Instalment → entry here."""
    posted = Posting.objects.filter(
        connection_id=connection_id, remote_instalment_ids__has_any_keys=instalment_ids
    )
    found = posted.values_list("remote_instalment_ids", "entry_id")
    return {pk: entry for ids, entry in found for pk in ids}


def _keep(
    waiting: TwinSearch, revision: Revision, state: TwinSearch.State, twins: list[dict[str, Any]], detail: str
) -> None:
    with transaction.atomic():
        waiting.state, waiting.detail, waiting.searched_at = state, detail, timezone.now()
        waiting.found = twins
        waiting.save(update_fields=["state", "detail", "searched_at", "found"])
        record(
            "ledger.twins_searched",
            revision.entry,
            company=revision.entry.company,
            data={"state": state.value, "found": waiting.found},
        )
