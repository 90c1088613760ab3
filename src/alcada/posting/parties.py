"""The vendor or customer of a posting, in the account: remembered, found, given the missing profile, or created."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils import timezone

from alcada.background import in_database
from alcada.connections import gateway
from alcada.directory import documents
from alcada.directory.models import Counterpart, EntryKind
from alcada.posting import actions, outcomes
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job, NotPreparedError, Wanted, ensure, refused
from alcada.posting.rules import Outcome
from conta_azul import Call
from conta_azul.calls import people
from conta_azul.enums import PersonKind, Profile

PROFILE: Final = {EntryKind.PAYABLE: Profile.SUPPLIER, EntryKind.RECEIVABLE: Profile.CUSTOMER}


async def party_id(job: Job) -> str:
    """The id of the posting's vendor or customer, with the profile it needs. Raises NotPreparedError."""
    party, profile = job.content["party"], PROFILE[EntryKind(job.kind)]
    key = party["document"] or documents.normalise_name(party["name"])

    def known() -> str:
        kept = Counterpart.objects.filter(
            connection_id=job.connection_id, party_id=party["id"], profile=profile.value, active=True
        ).first()
        return kept.remote_id if kept else ""

    async def find() -> str:
        person = choose(await _candidates(job, party), party)
        if person is None:
            return ""
        if person.active is False:
            raise refused("party_inactive", party["name"])
        if profile not in person.profiles:
            await _add_profile(job, person, profile)
        return await in_database(
            _remember, job.connection_id, party["id"], profile.value, person.id, person.name or ""
        )

    def create() -> tuple[Mapping[str, Any], Call[people.Person]]:
        new = people.NewPerson(
            name=party["name"],
            kind=_kind(party["document"]),
            profiles=(profile,),
            document=documents.format(party["document"]) if party["document"] else "",
            email=party["email"],
        )
        sent = {"name": party["name"], "document": party["document"], "profile": profile.value}
        return sent, people.create(new)

    def remember(created: people.Person) -> str:
        return _remember(job.connection_id, party["id"], profile.value, created.id, party["name"])

    return await ensure(job, Wanted("person", key, Attempt.Kind.PERSON, known, find, create, remember))


async def _candidates(job: Job, party: Mapping[str, Any]) -> Sequence[people.Person]:
    """Those with the document; without any, those that the search by name brings."""
    if document := party["document"]:
        # Whether the filter wants punctuation is not documented: both are asked, and digits compared here.
        for written in (document, documents.format(document)):
            found = await gateway.awalk(job.connection_id, people.search(document=written))
            if same := [person for person in found if documents.normalise(person.document or "") == document]:
                return same
    return list(await gateway.awalk(job.connection_id, people.search(text=party["name"])))


def _kind(document: str) -> PersonKind:
    """Without a document a company is assumed: most vendors are, and Conta Azul wants one of the two."""
    return PersonKind.INDIVIDUAL if document and documents.kind(document) == "cpf" else PersonKind.COMPANY


def choose(candidates: Sequence[people.Person], party: Mapping[str, Any]) -> people.Person | None:
    """The one person that is this party; None for nobody. Raises NotPreparedError when several may be.

    By document; by normalised name only where at most one side has a document. Differing documents never match.
    """
    ours, name = party["document"], documents.normalise_name(party["name"])
    by_document = [p for p in candidates if ours and documents.normalise(p.document or "") == ours]
    by_name = [
        p
        for p in candidates
        if documents.normalise_name(p.name or "") == name and not (ours and (p.document or ""))
    ]
    matching = by_document or by_name
    if len(matching) > 1:
        active = [p for p in matching if p.active is not False]
        if len(active) != 1:
            raise refused("party_ambiguous", party["name"])
        matching = active
    return matching[0] if matching else None


async def _add_profile(job: Job, person: people.Person, profile: Profile) -> None:
    """A person with the document but without the profile gets it; safe to repeat: a profile is there or not."""
    call = people.add_profile(person.id, person.profiles, profile)
    attempt = await in_database(
        actions.start_attempt,
        job.posting_id,
        job.claim,
        kind=Attempt.Kind.PROFILE,
        request={"person": person.id, "profile": profile.value},
        key=person.id,
    )
    try:
        await gateway.asend(job.connection_id, call)
    except Exception as exc:
        outcome = outcomes.of(exc)
        await in_database(actions.finish_attempt, attempt, outcome)
        if outcome.kind == Attempt.Outcome.UNKNOWN:
            outcome = Outcome(Attempt.Outcome.NOT_SENT, "not_reached", outcome.detail)
        raise NotPreparedError(outcome) from exc
    await in_database(actions.finish_attempt, attempt, Outcome(Attempt.Outcome.POSTED, remote_id=person.id))


def _remember(connection_id: int, party_id_: int, profile: str, remote_id: str, name: str) -> str:
    Counterpart.objects.update_or_create(
        connection_id=connection_id,
        party_id=party_id_,
        profile=profile,
        defaults={
            "remote_id": remote_id,
            "remote_name": name[:255],
            "active": True,
            "seen_at": timezone.now(),
        },
    )
    return remote_id
