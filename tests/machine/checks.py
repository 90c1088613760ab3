"""What must hold after every step: the sandbox's whole books against what was approved.

Kept here, outside the product's database: what was approved, as it was typed; which entries of the books were whose
when they came into being; and the few things that excuse one (docs/posting.md, "What it stands on").
"""

from dataclasses import dataclass, field
from typing import Any

from machine.office import Office

from alcada.history.queries import breaks
from alcada.posting.models import ENDED, Attempt, Posting, State
from alcada.posting.owners import NEEDS_PERSON

Event = dict[str, Any]


@dataclass(frozen=True)
class Approved:
    """A revision that its round approved, as it was typed."""

    entry: int
    kind: str
    party: str
    amount: float
    parts: tuple[tuple[str, float], ...]  # due date, value
    words: str


@dataclass
class Notebook:
    approved: dict[str, Approved] = field(default_factory=dict)  # by reference
    whose: dict[str, int] = field(
        default_factory=dict
    )  # event → entry, from its first moment in the books on
    gone: set[str] = field(default_factory=set)  # events that somebody deleted at Conta Azul
    # A person was told that one may be there (not every search had answered, or something may be it, or two were
    # found), and pressed all the same. By entry.
    warned: set[int] = field(default_factory=set)
    # Assumption: an edit leaves a trace. Somebody at Conta Azul left none. By entry.
    blurred: set[int] = field(default_factory=set)
    settled_people: bool = False  # a person said that a vendor whose creation was in doubt is not there

    def excused(self, entry: int) -> bool:
        return entry in self.warned or entry in self.blurred


def surely_told(posting: Posting) -> bool:
    """Was whoever presses told, after a whole look, that it is not there?"""
    if posting.state != State.UNDECIDED:
        return True
    look = posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).last()
    return posting.reason == "not_found" and look is not None and not look.request["failed"]


def after_a_step(books: list[Event], postings: list[Posting], notes: Notebook) -> None:
    """Raises AssertionError."""
    for event in books:
        _note_new(event, notes)
    standing = {event["id"]: notes.whose[event["id"]] for event in books}
    entries = list(standing.values())
    for entry in set(entries):
        assert entries.count(entry) == 1 or notes.excused(entry), f"entry {entry} stands twice"
    events = [posting.remote_event_id for posting in postings if posting.remote_event_id]
    assert len(events) == len(set(events)), "one event is two postings'"
    for posting in postings:
        _check(posting, standing, notes)
    live = {posting.entry_id for posting in postings if posting.state not in ENDED}
    ended = {posting.entry_id for posting in postings} - live
    there = {entry for entry in ended.intersection(entries) if not notes.excused(entry)}
    assert not there, f"refused or cancelled, and there: entries {there}"


def _note_new(event: Event, notes: Notebook) -> None:
    """Never in the books without its approved round; and as it was approved, to the cent."""
    if event["id"] in notes.whose:
        return
    assert not event["criado_manualmente"], "what a person types is noted by the move"
    approved = notes.approved.get(event["referencia_externa"])
    assert approved is not None, f"nobody approved {event['referencia_externa']}"
    parts = tuple(
        (part["data_vencimento"], part["valor_composicao"]["valor_bruto"]) for part in event["parcelas"]
    )
    words = f"{approved.words} [{event['referencia_externa']}]"
    assert (event["descricao"], event["valor"], parts) == (words, approved.amount, approved.parts)
    notes.whose[event["id"]] = approved.entry


def _check(posting: Posting, standing: dict[str, int], notes: Notebook) -> None:
    """Posted is there, as nobody else's; unless somebody typed it and told no id."""
    entry, event = posting.entry_id, posting.remote_event_id
    if posting.state != State.POSTED:
        return
    if not event:
        assert posting.reason == "by_hand", f"{posting.reference} is posted as nothing"
        return
    assert notes.whose.get(event) == entry, f"{posting.reference} is posted as {event}, another's"
    assert event in standing or event in notes.gone, f"{posting.reference} is posted and not there"


def at_the_end(office: Office, notes: Notebook) -> None:
    """Faults have stopped and time has passed: all has ended, or a person is asked; no history was rewritten."""
    after_a_step(office.books(), list(Posting.objects.all()), notes)
    ended = Posting.objects.filter(state__in=[State.POSTED, State.CANCELLED])
    going_on = Posting.objects.exclude(pk__in=ended).exclude(NEEDS_PERSON)
    told = [_story(posting) for posting in going_on]
    assert not told, f"neither ended nor asking: {told}"
    assert not list(breaks())
    names = [person["nome"] for person in office.people()]
    twice = {party.name for party in office.parties if names.count(party.name) > 1}
    assert not twice or notes.settled_people, f"created twice: {twice}"


def _story(posting: Posting) -> str:
    tried = [f"{one.kind} {one.outcome or 'open'}" for one in posting.attempts.all()]
    return f"{posting.reference}: {posting.state} {posting.reason}, after {', '.join(tried[-9:])}"


def traceless(event: Event, approved: Approved, reference: str) -> bool:
    """Could no look tell any more that this is ours? (The assumption "an edit leaves a trace", the other way round.)"""
    parts = event["parcelas"]
    days = [day for day, _ in approved.parts]
    if any(reference in f"{part['descricao']} {part['nota']}" for part in parts):
        return False
    inside = any(min(days) <= part["data_vencimento"] <= max(days) for part in parts)
    if inside and (event["referencia_externa"] == reference or reference in event["descricao"]):
        return False
    same_value = sum(part["valor_composicao"]["valor_bruto"] for part in parts) == approved.amount
    same_days = sorted(part["data_vencimento"] for part in parts) == sorted(days)
    return not (same_value or same_days)
