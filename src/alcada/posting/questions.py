"""What a posting asks a person before it can go on, and the answers. Each runs in one transaction; none calls out.

A posting that stops with a question is *refused*, by us, before anything was sent: it can be changed, cancelled and
posted again as any refused one. The answer puts all that wait for it back into the queue.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from alcada import links, queue
from alcada.directory.models import Counterpart
from alcada.history.actions import record
from alcada.notify.actions import settle as settle_notices
from alcada.notify.actions import tell
from alcada.people.queries import menders
from alcada.posting import moves, seeking
from alcada.posting.models import Posting, Question, Sought, State
from alcada.posting.rules import IN_DOUBT, Asks

if TYPE_CHECKING:
    from alcada.people.models import User

Answer = Question.Answer
HELD: Final = "vendor_held"
AMBIGUOUS: Final = "party_ambiguous"


class AnsweredError(Exception):
    """Somebody answered it before; `question` says who and how."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.answer)
        self.question = question


def ask(posting: Posting, asks: Asks) -> Question:
    """Ask it, or join those that wait for the answer already. Runs in the transaction that refuses the posting."""
    told: dict[str, Any] = {
        "name": asks.name[:200],
        "reason": posting.reason,
        "candidates": [asdict(one) for one in asks.candidates],
    }
    if asks.sought is not None:  # else what is in doubt stays so: the answer ends that too
        told["sought_id"] = asks.sought
    subject: dict[str, Any] = {"connection_id": posting.connection_id, "kind": asks.kind, "thing": asks.thing}
    subject |= {"profile": asks.profile, "answer": Answer.OPEN}
    before = Question.objects.filter(**subject).first()
    question, _new = Question.objects.update_or_create(**subject, defaults=told)
    if before is not None and before.reason != posting.reason:  # those that wait, wait for this answer now
        waiting(before).update(reason=posting.reason, detail=posting.detail)
    posting.question = question
    posting.save(update_fields=["question"])
    company = posting.connection.company
    record(
        "posting.asked",
        posting.entry,
        company=company,
        data={"reason": posting.reason, "name": asks.name, "reference": posting.reference},
    )
    tell(
        menders(company),
        template=HELD if posting.reason == HELD else "question",
        key=notice_key(question),
        company=company,
        link=links.entry(posting.entry_id, "posting"),
        data={
            "reason": posting.reason,
            "number": str(posting.entry.number),
            "party": asks.name,
            "account": posting.connection.name,
            "company": company.name,
        },
    )
    return question


def notice_key(question: Question) -> str:
    return f"question:{question.pk}"


def waiting(question: Question) -> QuerySet[Posting]:
    """The postings that wait for the answer."""
    return Posting.objects.filter(question=question, state=State.REFUSED, reason=question.reason)


def settle(connection_id: int, kind: str, thing: int, profile: str) -> None:
    """It is known by now, whoever found out: those that waited go on. Runs in the caller's transaction."""
    open_ = Question.objects.filter(
        connection_id=connection_id, kind=kind, thing=thing, profile=profile, answer=Answer.OPEN
    )
    for question in open_.select_for_update():
        _close(question, Answer.SETTLED, by=None)
        _go_on(question, by=None)


def settle_known() -> None:
    """Questions that were answered in the very moment in which they were asked: the timetable calls this."""
    for question in Question.objects.filter(answer=Answer.OPEN):
        named = {f"{question.kind}_id": question.thing, "profile": question.profile}
        there = Counterpart.objects.filter(connection_id=question.connection_id, active=True, **named)
        subject = (question.connection_id, question.kind, question.thing, question.profile)
        if there.exists() or (question.reason == HELD and may_create(*subject)):
            with transaction.atomic():
                settle(*subject)


def answer(question_id: int, given: Question.Answer, *, by: "User") -> list[Posting]:
    """Answer it (MAPPED, RELEASED) and let all that wait go on; which. Raises AnsweredError: somebody was first."""
    with transaction.atomic():
        question = _open(question_id)
        _close(question, given, by=by)
        return _go_on(question, by=by)


def decline(question_id: int, *, by: "User", reason: str) -> list[Posting]:
    """The vendor is not to be created: all that wait for it are cancelled. Raises AnsweredError."""
    with transaction.atomic():
        question = _open(question_id)
        waiting_now = list(waiting(question).select_for_update(of=("self",)).order_by("pk"))
        _close(question, Answer.DECLINED, by=by)
        for posting in waiting_now:
            moves.move(posting, State.CANCELLED, reason="vendor_declined", detail=reason)
            data = {"reason": reason, "reference": posting.reference}
            record("posting.cancelled", posting.entry, by=by, company=posting.connection.company, data=data)
        return waiting_now


def may_create(connection_id: int, kind: str, thing: int, profile: str) -> bool:
    """Did a person release it? The latest answer counts."""
    last = _last_answered((HELD, AMBIGUOUS), connection_id, kind, thing, profile)
    return last is not None and last.answer == Answer.RELEASED


def none_of(connection_id: int, kind: str, thing: int, profile: str) -> frozenset[str]:
    """The ids of theirs of which a person said: none of these. Whoever came since may still be the one."""
    last = _last_answered((AMBIGUOUS,), connection_id, kind, thing, profile)
    released = last is not None and last.answer == Answer.RELEASED
    return frozenset(one["id"] for one in last.candidates) if last and released else frozenset()


def _last_answered(
    reasons: tuple[str, ...], connection_id: int, kind: str, thing: int, profile: str
) -> Question | None:
    answered = Question.objects.filter(
        connection_id=connection_id, kind=kind, thing=thing, profile=profile, reason__in=reasons
    ).exclude(answer=Answer.OPEN)
    return answered.order_by("-answered_at").first()


def may_be_new(question: Question) -> bool:
    """Can the answer be that one is created? Not where the account has its CPF or CNPJ already."""
    by_document = any(one["why"] == Counterpart.Match.DOCUMENT for one in question.candidates)
    return question.reason in (HELD, *IN_DOUBT) or (question.reason == AMBIGUOUS and not by_document)


def doubt(posting: Posting) -> None:
    """Conta Azul refused the entry: was its vendor or customer deactivated or deleted there?

    What is remembered of the person is not used again before it was looked at: by the next fetch, or by the posting
    itself when somebody posts it again.
    """
    Counterpart.objects.filter(
        connection_id=posting.connection_id, party_id=posting.content["party"]["id"], active=True
    ).update(active=False, trouble=Counterpart.Trouble.DOUBT)


def _open(question_id: int) -> Question:
    question = Question.objects.select_for_update().get(pk=question_id)
    if question.answer != Answer.OPEN:
        raise AnsweredError(question)
    return question


def _close(question: Question, given: Question.Answer, *, by: "User | None") -> None:
    question.answer, question.answered_at, question.answered_by = given, timezone.now(), by
    question.save(update_fields=["answer", "answered_at", "answered_by"])
    if question.sought_id:
        released = given == Answer.RELEASED
        seeking.end(question.sought_id, Sought.Ended.RELEASED if released else Sought.Ended.THERE)
    settle_notices(notice_key(question))


def _go_on(question: Question, *, by: "User | None") -> list[Posting]:
    """Back to the queue, in their order; one that was taken back meanwhile stays (the database says so)."""
    released = []
    found = waiting(question).select_for_update(of=("self",)).select_related("connection__company", "entry")
    for place, posting in enumerate(found.order_by("pk")):
        try:
            with transaction.atomic():
                moves.move(posting, State.QUEUED, reason="answered")
        except IntegrityError:  # posting_stands
            continue
        # The first goes ahead: what it finds or makes, the others then know without a call.
        posting.next_try_at = timezone.now() + timedelta(seconds=min(place, 1))
        posting.save(update_fields=["next_try_at"])
        data = {"answer": question.answer, "name": question.name, "reference": posting.reference}
        record("posting.answered", posting.entry, by=by, company=posting.connection.company, data=data)
        released.append(posting)
    if released:
        queue.wake(question.connection_id)
    return released
