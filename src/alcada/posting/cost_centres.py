"""A posting's cost centres, in the account: remembered, found by code or name, or created."""

from collections.abc import Mapping, Sequence
from typing import Any

from alcada.background import in_database
from alcada.connections import gateway
from alcada.directory import documents
from alcada.directory.models import Counterpart
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job, Wanted, ensure, mapped, refused, remember
from alcada.posting.rules import Asks, Candidate
from conta_azul import Call
from conta_azul.calls import cost_centres
from conta_azul.enums import Activity

Match = Counterpart.Match


async def cost_centre_ids(job: Job) -> dict[int, str]:
    """Our cost centres' keys → the account's ids. Raises NotPreparedError."""
    centres = {
        split["cost_centre"]["id"]: split["cost_centre"]
        for split in job.content["splits"]
        if split["cost_centre"]
    }
    return {key: await _id_of(job, centre) for key, centre in centres.items()}


async def _id_of(job: Job, centre: Mapping[str, Any]) -> str:
    def known() -> str:
        kept = mapped(job.connection_id, "cost_centre", centre["id"])
        return kept.remote_id if kept and kept.active else ""

    async def find() -> str:
        kept = await in_database(mapped, job.connection_id, "cost_centre", centre["id"])
        listed = await gateway.awalk(job.connection_id, cost_centres.list(activity=Activity.ALL))
        confirmed = bool(kept and kept.confirmed_at and kept.removed_at is None)
        found: cost_centres.CostCentre | None
        if kept and confirmed:
            found, why = _confirmed(listed, centre, kept.remote_id), kept.match
        else:
            found, why = _choose(listed, centre, kept.remote_id if kept and kept.removed_at else "")
        if found is None:
            return ""
        return await in_database(_remember, job, centre, found.id, found.name or "", why)

    def create() -> tuple[Mapping[str, Any], Call[cost_centres.CostCentre]]:
        sent = {"name": centre["name"], "code": centre["code"]}
        return sent, cost_centres.create(centre["name"], centre["code"] or None)

    def created(answer: cost_centres.CostCentre) -> str:
        return _remember(job, centre, answer.id, centre["name"], Match.CREATED)

    wanted = Wanted(Attempt.Kind.COST_CENTRE, key(centre), _asks(centre, []), known, find, create, created)
    return await ensure(job, wanted)


def key(centre: Mapping[str, Any]) -> str:
    """By what its creation is exclusive in an account."""
    return documents.normalise_name(centre["name"])


def _confirmed(
    listed: Sequence[cost_centres.CostCentre], centre: Mapping[str, Any], remote_id: str
) -> cost_centres.CostCentre:
    """The one that somebody confirmed; no other is looked for. Raises NotPreparedError when it can't be used."""
    found = next((item for item in listed if item.id == remote_id), None)
    if found is None:
        raise refused("cost_centre_gone", centre["name"], _asks(centre, _matching(listed, centre)[0]))
    if found.active is False:
        raise refused("cost_centre_inactive", centre["name"], _asks(centre, [found]))
    return found


def _choose(
    listed: Sequence[cost_centres.CostCentre], centre: Mapping[str, Any], taken_away: str
) -> tuple[cost_centres.CostCentre | None, str]:
    """The one of theirs that is this one, and why; None for none. Raises NotPreparedError where a person must say.

    One that somebody took away is not taken again without asking: a second one of its name can't be removed there.
    """
    matching, why = _matching(listed, centre)
    active = [item for item in matching if item.active is not False]
    if matching and not active:
        raise refused("cost_centre_inactive", centre["name"], _asks(centre, matching))
    if len(active) > 1 or taken_away in {item.id for item in active}:
        raise refused("cost_centre_ambiguous", centre["name"], _asks(centre, matching))
    return (active[0] if active else None), why


def _matching(
    listed: Sequence[cost_centres.CostCentre], centre: Mapping[str, Any]
) -> tuple[list[cost_centres.CostCentre], str]:
    name = documents.normalise_name(centre["name"])
    if same_code := [item for item in listed if centre["code"] and item.code == centre["code"]]:
        return same_code, Match.CODE.value
    return [item for item in listed if documents.normalise_name(item.name or "") == name], Match.NAME.value


def _asks(centre: Mapping[str, Any], matching: Sequence[cost_centres.CostCentre]) -> Asks:
    name = documents.normalise_name(centre["name"])
    shown = [
        Candidate(
            id=item.id,
            name=(item.name or "")[:255],
            active=item.active is not False,
            code=item.code or "",
            why="name" if documents.normalise_name(item.name or "") == name else "code",
        )
        for item in matching
    ]
    return Asks("cost_centre", centre["id"], centre["name"], candidates=tuple(shown[:20]))


def _remember(job: Job, centre: Mapping[str, Any], remote_id: str, name: str, match: str) -> str:
    return remember(job.connection_id, "cost_centre", centre["id"], remote_id, name, match)
