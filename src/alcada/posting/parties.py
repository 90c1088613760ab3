"""The vendor or customer of a posting, in the account: remembered, found, given the missing profile, or created."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from alcada.background import in_database, until_written
from alcada.connections import gateway
from alcada.directory import documents
from alcada.directory.models import Counterpart, EntryKind, NewVendors
from alcada.posting import actions, outcomes, questions
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job, NotPreparedError, Wanted, ensure, mapped, refused, remember
from alcada.posting.rules import Asks, Candidate, Outcome
from conta_azul import Call, errors
from conta_azul.calls import people
from conta_azul.enums import PersonKind, Profile

Match = Counterpart.Match
CANDIDATES: Final = 20  # shown to whoever chooses; more share a name hardly ever

PROFILE: Final = {EntryKind.PAYABLE: Profile.SUPPLIER, EntryKind.RECEIVABLE: Profile.CUSTOMER}


def party_ids(connection_id: int, kind: str, parties: Collection[int]) -> dict[int, str]:
    """What the account calls them: with the profile that entries of the kind need, else with the other."""
    known = Counterpart.objects.filter(connection_id=connection_id, party__in=parties).order_by(
        "active", "pk"
    )
    rows = list(known.values_list("profile", "party_id", "remote_id"))
    rows.sort(key=lambda row: row[0] == PROFILE[EntryKind(kind)].value)  # the last of a party's counts
    return {party_id: remote_id for _, party_id, remote_id in rows}


async def party_id(job: Job) -> str:
    """The id of the posting's vendor or customer, with the profile it needs. Raises NotPreparedError."""
    party, profile = job.content["party"], PROFILE[EntryKind(job.kind)]

    def known() -> str:
        kept = mapped(job.connection_id, "party", party["id"], profile.value)
        return kept.remote_id if kept and kept.active else ""

    async def find() -> str:
        kept = await in_database(mapped, job.connection_id, "party", party["id"], profile.value)
        if kept and kept.confirmed_at and kept.removed_at is None:
            person: people.Person | None = await _confirmed(job, party, profile, kept.remote_id)
            why = kept.match
        elif by_id := await _read_by_id(job, party, kept):
            person, why = by_id
        else:
            candidates = await _candidates(job, party)
            taken_away = kept.remote_id if kept and kept.removed_at else ""
            none_of = await in_database(
                questions.none_of, job.connection_id, "party", party["id"], profile.value
            )
            person = choose(candidates, party, profile, taken_away, none_of=none_of)
            why = matched_by(person, party) if person else ""
        if person is None:
            await in_database(_check_held, job.connection_id, party, profile)
            return ""
        if person.active is False:
            raise refused("party_inactive", party["name"], _asks(party, profile, [person]))
        if profile not in person.profiles:
            await _add_profile(job, person, profile)
        return await in_database(_remember, job, party, profile, person.id, person.name or "", why)

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

    def created(answer: people.Person) -> str:
        return _remember(job, party, profile, answer.id, party["name"], Match.CREATED)

    asks = _asks(party, profile, [])
    return await ensure(job, Wanted(Attempt.Kind.PERSON, key(party), asks, known, find, create, created))


def key(party: Mapping[str, Any]) -> str:
    """By what its creation is exclusive in an account."""
    return str(party["document"] or documents.normalise_name(party["name"]))


async def _confirmed(job: Job, party: Mapping[str, Any], profile: Profile, remote_id: str) -> people.Person:
    """The person that somebody confirmed; nobody else is looked for. Raises NotPreparedError when it is gone."""
    found = await gateway.awalk(job.connection_id, people.search(ids=[remote_id]))
    for person in found:
        if person.id == remote_id:
            return person
    raise refused("party_gone", party["name"], _asks(party, profile, await _candidates(job, party)))


async def _read_by_id(
    job: Job, party: Mapping[str, Any], kept: Counterpart | None
) -> tuple[people.Person, str] | None:
    """Whom we created, and who is known already in the other profile, is read by id: no list may show them yet."""
    row = kept
    if row is None:
        rows = Counterpart.objects.filter(connection_id=job.connection_id, party=party["id"], removed_at=None)
        row = await in_database(rows.first)
    elif row.match != Match.CREATED or row.removed_at:
        return None
    if row is None:
        return None
    try:
        person = await gateway.asend(job.connection_id, people.get(row.remote_id))
    except errors.NotFound:
        return None
    return (person, row.match) if person.active is not False else None


def _check_held(connection_id: int, party: Mapping[str, Any], profile: Profile) -> None:
    """A vendor that the account doesn't have waits for a second look where the company wants that (database)."""
    if profile != Profile.SUPPLIER:
        return
    held = NewVendors.objects.filter(company__connections=connection_id, hold=True).exists()
    if held and not questions.may_create(connection_id, "party", party["id"], profile.value):
        raise refused(questions.HELD, party["name"], _asks(party, profile, []))


def _asks(party: Mapping[str, Any], profile: Profile, candidates: Sequence[people.Person]) -> Asks:
    shown = [candidate_of(person, party) for person in candidates if not differ(person, party)]
    return Asks("party", party["id"], party["name"], profile.value, tuple(shown[:CANDIDATES]))


def candidate_of(person: people.Person, party: Mapping[str, Any]) -> Candidate:
    """What a person who chooses sees of one of theirs."""
    return Candidate(
        id=person.id,
        name=(person.name or "")[:255],
        active=person.active is not False,
        document=documents.mask(person.document or ""),
        profiles=person.profiles,
        why=matched_by(person, party),
    )


def matched_by(person: people.Person, party: Mapping[str, Any]) -> str:
    """Why this one of theirs may be the party: by document, by name; empty for no reason."""
    ours = party["document"]
    if ours and documents.normalise(person.document or "") == ours:
        return Match.DOCUMENT.value
    same = documents.normalise_name(person.name or "") == documents.normalise_name(party["name"])
    return Match.NAME.value if same and not differ(person, party) else ""


def differ(person: people.Person, party: Mapping[str, Any]) -> bool:
    """Both have a document, and not the same: never one another, whatever their names."""
    theirs = documents.normalise(person.document or "")
    return bool(party["document"] and theirs and theirs != party["document"])


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


def choose(
    candidates: Sequence[people.Person],
    party: Mapping[str, Any],
    profile: Profile = Profile.SUPPLIER,
    taken_away: str = "",
    *,
    none_of: frozenset[str] = frozenset(),
) -> people.Person | None:
    """The one person that is this party; None for nobody. Raises NotPreparedError when several may be.

    By document; by normalised name only where at most one side has a document. Differing documents never match. One
    that somebody took away from the party (`taken_away`, an id) is not taken by name again without asking; nor
    is one of those that a person turned down (`none_of`, ids).
    """
    reasons = {person.id: matched_by(person, party) for person in candidates}
    by_document = [person for person in candidates if reasons[person.id] == Match.DOCUMENT]
    by_name = [
        person for person in candidates if reasons[person.id] == Match.NAME and person.id not in none_of
    ]
    matching = by_document or by_name
    asked = not by_document and taken_away in {person.id for person in matching}
    if len(matching) > 1 or asked:
        active = [person for person in matching if person.active is not False]
        if len(active) != 1 or asked:
            raise refused("party_ambiguous", party["name"], _asks(party, profile, matching))
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
        await until_written(actions.finish_attempt, attempt, outcome)
        if outcome.kind == Attempt.Outcome.UNKNOWN:
            outcome = Outcome(Attempt.Outcome.NOT_SENT, "not_reached", outcome.detail)
        raise NotPreparedError(outcome) from exc
    await until_written(actions.finish_attempt, attempt, Outcome(Attempt.Outcome.POSTED, remote_id=person.id))


def _remember(
    job: Job, party: Mapping[str, Any], profile: Profile, remote_id: str, name: str, match: str
) -> str:
    return remember(job.connection_id, "party", party["id"], remote_id, name, match, profile.value)
