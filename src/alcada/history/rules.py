"""The chain's arithmetic, and the events that may be recorded. Pure."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

# Stable dotted names. One that is not here is refused: a typo must not become a fact.
EVENTS = frozenset(
    {
        "entry.created",
        "entry.discarded",
        "entry.submitted",
        "entry.routed",
        "entry.document_added",
        "entry.document_removed",
        "approval.opened",
        "approval.not_needed",
        "approval.asked",
        "approval.step.approved",
        "approval.step.rejected",
        "approval.step.sent_back",
        "approval.withdrawn",
        "approval.completed",
        "posting.intended",
        "posting.attempted",
        "posting.outcome",
        "posting.posted",
        "posting.refused",
        "posting.unknown",
        "posting.found",
        "posting.undecided",
        "posting.queued_again",
        "posting.look_again",
        "posting.cancelled",
        "ledger.twins_searched",
        "ledger.paid",
        "ledger.partly_paid",
        "ledger.payment_undone",
        "ledger.edited",
        "ledger.as_approved",
        "ledger.gone",
        "ledger.accepted",
        "connection.created",
        "connection.authorised",
        "connection.wrong_company",
        "connection.needs_authorisation",
        "connection.plan_refused",
        "connection.directory_synced",
        "connection.paused",
        "connection.resumed",
        "connection.plan_allowed",
        "connection.owner_changed",
        "connection.link_made",
        "connection.link_revoked",
        "connection.mapped",
        "party.created",
        "party.changed",
        "cost_centre.created",
        "cost_centre.changed",
        "defaults.changed",
        "application.registered",
        "company.created",
        "company.changed",
        "person.added",
        "person.role_given",
        "person.role_taken",
        "person.link_made",
        "person.deactivated",
        "person.reactivated",
        "flow.published",
        "routing.rule_added",
        "routing.rule_changed",
        "routing.rule_moved",
        "routing.rule_removed",
        "routing.default_changed",
        "setup.dropped",
    }
)


def fingerprint(
    *,
    previous: str,
    kind: str,
    key: int,
    sequence: int,
    event: str,
    at: datetime,
    actor: int | None,
    actor_name: str,
    channel: str,
    data: dict[str, Any],
) -> str:
    """SHA-256, in hex, over the record's content and its predecessor's hash, in one canonical JSON text."""
    content = [
        previous,
        kind,
        key,
        sequence,
        event,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor,
        actor_name,
        channel,
        data,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
