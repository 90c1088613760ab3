"""Where the mapping meets the postings that wait for it, the people who are told, and the account itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from alcada import links
from alcada.connections import directory_sync, gateway, mapping, mapping_actions
from alcada.connections.mapping_actions import Chosen, NotThereError
from alcada.connections.mirror_rows import Alarm, Ours
from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.directory.models import Counterpart, Party
from alcada.intake.models import Revision
from alcada.notify.actions import tell
from alcada.people.models import User
from alcada.people.queries import menders
from alcada.posting import questions
from alcada.posting.models import Posting, Question, State
from alcada.posting.parties import candidate_of, differ
from alcada.posting.rules import Candidate
from conta_azul import errors
from conta_azul.calls import people

FOUND_AT_ONCE = 20
NAMED = 5  # in one notice


class OtherDocumentError(Exception):
    """Both have a CPF or CNPJ, and not the same one."""


def fetch(connection_id: int) -> None:
    """Bring our copy of the account up to date; the company's administrators are told what of the mapping changed."""
    directory_sync.fetch(connection_id, tell=_tell)


def _tell(connection: Connection, alarms: Sequence[Alarm]) -> None:
    """One notice for all that one reading found. Runs in the transaction that writes it."""
    names = list(dict.fromkeys(alarm.name for alarm in alarms))
    shown = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    kinds = {alarm.kind for alarm in alarms}
    kind = kinds.pop() if len(kinds) == 1 else ""
    tell(
        menders(connection.company),
        template="mapping_changed",
        key=f"mapping:{connection.pk}:{timezone.now().isoformat()}",
        company=connection.company,
        link=links.mapping(connection.pk) + f"?which=look&kind={kind or alarms[0].kind}",
        data={
            "party": shown,
            "account": connection.name,
            "company": connection.company.name,
            "count": str(len(names)),
        },
    )


def choose(connection: Connection, ours: Ours, remote_id: str, *, seen: str | None, by: User) -> int:
    """Map a category, bank account or cost centre; postings that waited for it go on. Returns how many.

    Raises mapping_actions.ChangedMeanwhileError, NotThereError.
    """
    with transaction.atomic():
        mapping_actions.choose_listed(connection, ours, remote_id, seen=seen, by=by)
        return _answer(connection, ours, "", by=by)


def choose_person(
    connection: Connection, party: Party, remote_id: str, *, profile: str, seen: str | None, by: User
) -> int:
    """Map a vendor or customer to one of the account's people, as the account shows them now.

    One that lacks the profile gets it from the posting that needs it. Raises as `choose`; OtherDocumentError;
    conta_azul.errors and access.AccessError when the account can't be asked.
    """
    try:
        person = gateway.send(connection.pk, people.get(remote_id))
    except errors.NotFound as exc:
        raise NotThereError from exc
    if person.active is False:
        raise NotThereError
    if differ(person, {"document": party.document}):
        raise OtherDocumentError
    theirs = Chosen(person.id, person.name or "", lacks_profile=profile not in person.profiles)
    with transaction.atomic():
        mapping_actions.choose(connection, party, theirs, profile=profile, seen=seen, by=by)
        return _answer(connection, party, profile, by=by)


def choose_candidate(question: Question, remote_id: str, *, by: User) -> int:
    """Map a cost centre to one of those that the posting found, as it found them. Returns how many postings go on.

    Raises questions.AnsweredError; KeyError for one that it did not find.
    """
    found = {one["id"]: one for one in question.candidates}[remote_id]
    with transaction.atomic():
        count = len(questions.answer(question.pk, Question.Answer.MAPPED, by=by))
        theirs = Chosen(remote_id, found["name"])
        mapping_actions.choose(question.connection, subject_of(question), theirs, seen=None, by=by)
        return count


def find_people(connection: Connection, party: Party, text: str) -> list[Candidate]:
    """Whom the account has by this name, CPF or CNPJ; never one with another document. Raises as `gateway.send`."""
    # Whether a search for a document wants punctuation is not documented: both are asked.
    asked = [people.search(text=text, page_size=FOUND_AT_ONCE)]
    if documents.is_valid(text):
        written = (documents.normalise(text), documents.format(text))
        asked = [people.search(document=each, page_size=FOUND_AT_ONCE) for each in written]
    items = [item for pages in asked for item in gateway.send(connection.pk, pages.page(1)).items]
    found = {person.id: person for person in items}.values()
    ours = {"document": party.document, "name": party.name}
    return [candidate_of(person, ours) for person in found if not differ(person, ours)]


def release(question: Question, *, by: User) -> int:
    """The vendor may be created: those that wait go on. Raises questions.AnsweredError."""
    return len(questions.answer(question.pk, Question.Answer.RELEASED, by=by))


def _answer(connection: Connection, ours: Ours, profile: str, *, by: User) -> int:
    kind = next(kind for kind in mapping.KINDS if isinstance(ours, mapping.model_of(kind)))
    open_ = Question.objects.filter(
        connection=connection, kind=kind, thing=ours.pk, profile=profile, answer=Question.Answer.OPEN
    ).first()
    return len(questions.answer(open_.pk, Question.Answer.MAPPED, by=by)) if open_ else 0


def subject_of(question: Question) -> Ours:
    """What of ours is asked about."""
    found: Ours = mapping.model_of(question.kind)._default_manager.get(pk=question.thing)
    return found


def asked_about(connection: Connection, kind: str) -> dict[tuple[int, str], Posting]:
    """What postings of the account wait for: (key of ours, profile) and one of those that wait."""
    waiting = Posting.objects.filter(
        state=State.REFUSED,
        reason=F("question__reason"),
        question__connection=connection,
        question__kind=kind,
        question__answer=Question.Answer.OPEN,
    )
    found = waiting.select_related("question").order_by("question", "pk").distinct("question")
    return {(one.question.thing, one.question.profile): one for one in found if one.question}


def open_question(posting: Posting) -> Question | None:
    """What a posting that stopped waits for."""
    question = posting.question
    if question is None or question.answer != Question.Answer.OPEN or posting.state != State.REFUSED:
        return None
    return question if posting.reason == question.reason else None


@dataclass(frozen=True)
class Doubtful:
    """Something that an entry names, and that the account changed: what somebody approves can't be posted, or is not
    what it was.
    """

    kind: str
    name: str
    state: str  # as mapping.state_of
    now: str  # what it is called there

    @property
    def stops(self) -> bool:
        return self.state != "renamed"


def doubtful(revision: Revision, connection: Connection) -> list[Doubtful]:
    """What of the revision's mapping in the account needs a look before anybody approves it."""
    splits = list(revision.splits.all())
    profile = mapping.PROFILE_OF[revision.entry.kind]
    names = {("party", revision.party_id): revision.party_name}
    names[("bank_account", revision.bank_account_id)] = revision.bank_account.name
    names |= {("category", split.category_id): split.category_name for split in splits}
    names |= {("cost_centre", s.cost_centre_id): s.cost_centre_name for s in splits if s.cost_centre_id}
    rows = {}
    for kind in mapping.KINDS:
        keys = [key for named, key in names if named == kind]
        found = Counterpart.objects.filter(connection=connection, **{f"{kind}__in": keys})
        for row in found.filter(profile=profile if kind == "party" else ""):
            rows[kind, getattr(row, f"{kind}_id")] = row
    shown = []
    for (kind, key), name in names.items():
        there = rows.get((kind, key))
        state = mapping.state_of(there)
        fixed = kind in ("category", "bank_account")  # the API can't make these
        stops = state in ("gone", "inactive") or (fixed and state in ("missing", "removed"))
        if kind in ("party", "cost_centre") and state == "gone" and there and not there.confirmed_at:
            stops = False  # it is found or created anew
        if stops or state == "renamed":
            shown.append(Doubtful(kind, name, state, there.remote_name if there else ""))
    return shown
