"""A posting's cost centres, in the account: remembered, found by code or name, or created."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from alcada.background import in_database
from alcada.connections import gateway
from alcada.directory import documents
from alcada.directory.models import Counterpart
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job, Wanted, ensure, refused
from conta_azul import Call
from conta_azul.calls import cost_centres
from conta_azul.enums import Activity


async def cost_centre_ids(job: Job) -> dict[int, str]:
    """Our cost centres' keys → the account's ids. Raises NotPreparedError."""
    centres = {
        split["cost_centre"]["id"]: split["cost_centre"]
        for split in job.content["splits"]
        if split["cost_centre"]
    }
    return {key: await _id_of(job, centre) for key, centre in centres.items()}


async def _id_of(job: Job, centre: Mapping[str, Any]) -> str:
    name = documents.normalise_name(centre["name"])

    def known() -> str:
        kept = Counterpart.objects.filter(
            connection_id=job.connection_id, cost_centre_id=centre["id"], active=True
        ).first()
        return kept.remote_id if kept else ""

    async def find() -> str:
        listed = await gateway.awalk(job.connection_id, cost_centres.list(activity=Activity.ALL))
        same_code = [item for item in listed if centre["code"] and item.code == centre["code"]]
        matching = same_code or [item for item in listed if documents.normalise_name(item.name or "") == name]
        active = [item for item in matching if item.active is not False]
        if matching and not active:
            raise refused("cost_centre_inactive", centre["name"])
        if len(active) > 1:
            raise refused("cost_centre_ambiguous", centre["name"])
        return await in_database(_remember, job, centre, active[0].id) if active else ""

    def create() -> tuple[Mapping[str, Any], Call[cost_centres.CostCentre]]:
        sent = {"name": centre["name"], "code": centre["code"]}
        return sent, cost_centres.create(centre["name"], centre["code"] or None)

    def remember(created: cost_centres.CostCentre) -> str:
        return _remember(job, centre, created.id)

    return await ensure(
        job, Wanted("cost_centre", name, Attempt.Kind.COST_CENTRE, known, find, create, remember)
    )


def _remember(job: Job, centre: Mapping[str, Any], remote_id: str) -> str:
    Counterpart.objects.update_or_create(
        connection_id=job.connection_id,
        cost_centre_id=centre["id"],
        defaults={
            "remote_id": remote_id,
            "remote_name": centre["name"],
            "active": True,
            "seen_at": timezone.now(),
        },
    )
    return remote_id
