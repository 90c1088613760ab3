"""What accounts call ours, as far as remembered: read for many postings in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from alcada.directory.models import EntryKind
from alcada.posting import cost_centres, parties
from alcada.posting.models import Attempt
from alcada.posting.parties import PROFILE
from alcada.posting.prepare import Job
from alcada.posting.request import Ids
from alcada.posting.turns import Missing


@dataclass(frozen=True)
class Known:
    """What one account calls ours: by field and key; parties by key and profile."""

    ids: dict[tuple[str, int], str]
    parties: dict[tuple[int, str], str]

    def of(self, job: Job) -> Ids | None:
        """All ids that the posting needs, or None: something has to be looked up, made, or is gone."""
        content, profile = job.content, PROFILE[EntryKind(job.kind)].value
        categories = {split["category"]["id"] for split in content["splits"]}
        centres = {split["cost_centre"]["id"] for split in content["splits"] if split["cost_centre"]}
        try:
            return Ids(
                party=self.parties[content["party"]["id"], profile],
                bank_account=self.ids["bank_account", content["bank_account"]["id"]],
                categories={key: self.ids["category", key] for key in categories},
                cost_centres={key: self.ids["cost_centre", key] for key in centres},
            )
        except KeyError:
            return None

    def missing(self, job: Job) -> set[Missing]:
        """Vendor, customer and cost centres whose ids aren't known; none where the posting can't go in any case."""
        content, profile = job.content, PROFILE[EntryKind(job.kind)].value
        party = content["party"]
        fixed = {("category", split["category"]["id"]) for split in content["splits"]}
        fixed.add(("bank_account", content["bank_account"]["id"]))
        if not fixed <= self.ids.keys():
            return set()  # the API can't make these: it is refused before anything is looked for
        centres = [split["cost_centre"] for split in content["splits"] if split["cost_centre"]]
        lacks = {
            Missing(Attempt.Kind.COST_CENTRE.value, cost_centres.key(centre), centre["id"])
            for centre in centres
            if ("cost_centre", centre["id"]) not in self.ids
        }
        if (party["id"], profile) not in self.parties:
            lacks.add(Missing(Attempt.Kind.PERSON.value, parties.key(party), party["id"]))
        return lacks


def known(connection_ids: Sequence[int], jobs: Sequence[Job]) -> dict[int, Known]:
    """By account, for whatever the jobs name."""
    found = {connection_id: Known({}, {}) for connection_id in connection_ids}
    if not jobs:
        return found
    wanted: dict[str, set[int]] = {
        name: set() for name in ("category", "cost_centre", "bank_account", "party")
    }
    for job in jobs:
        wanted["party"].add(job.content["party"]["id"])
        wanted["bank_account"].add(job.content["bank_account"]["id"])
        for split in job.content["splits"]:
            wanted["category"].add(split["category"]["id"])
            if split["cost_centre"]:
                wanted["cost_centre"].add(split["cost_centre"]["id"])
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTERPARTS,
            {"accounts": list(connection_ids), **{name: list(keys) for name, keys in wanted.items()}},
        )
        for connection_id, field_, key, profile, remote_id in cursor.fetchall():
            if field_ == "party":
                found[connection_id].parties[key, profile] = remote_id
            else:
                found[connection_id].ids[field_, key] = remote_id
    return found


_COUNTERPARTS: Final = """
    SELECT connection_id, 'category', category_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = ANY(%(accounts)s::bigint[]) AND active AND category_id = ANY(%(category)s::bigint[])
    UNION ALL
    SELECT connection_id, 'cost_centre', cost_centre_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = ANY(%(accounts)s::bigint[]) AND active AND cost_centre_id = ANY(%(cost_centre)s::bigint[])
    UNION ALL
    SELECT connection_id, 'bank_account', bank_account_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = ANY(%(accounts)s::bigint[]) AND active AND bank_account_id = ANY(%(bank_account)s::bigint[])
    UNION ALL
    SELECT connection_id, 'party', party_id, profile, remote_id FROM directory_counterpart
    WHERE connection_id = ANY(%(accounts)s::bigint[]) AND active AND party_id = ANY(%(party)s::bigint[])
"""
