"""Who is told what of an entry on its way through its flow."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from django.db.models import prefetch_related_objects

from alcada import links
from alcada.approval.models import Step
from alcada.flow.models import Run
from alcada.intake import correcting
from alcada.intake.models import Revision
from alcada.intake.queries import content_of
from alcada.intake.rules import differences
from alcada.notify.actions import Message, tell_all
from alcada.people.models import User
from alcada.people.queries import menders

# What `of_run` reads of a run, where many are told of at once.
READ: Final = (
    "path",
    *(
        f"revision__{name}"
        for name in ("party_name", "description", "amount", "created_by__name", "created_by__is_service")
    ),
    *(f"revision__entry__{name}" for name in ("number", "company__name")),
)


def tell_step(step: Step) -> None:
    """Everybody whom the step asks: who was told already is not told again."""
    revision = Revision.objects.select_related("entry__company").get(rounds=step.round_id)
    people = [asked.user for asked in step.asked.select_related("user")]
    tell_asked([(step, people, revision, _due_date(revision))])


def tell_asked(asked: Sequence[tuple[Step, Sequence[User], Revision, date]]) -> None:
    """The people of each step, of the revision that it judges and the day on which its first instalment is due."""
    prefetch_related_objects([revision for _, _, revision, _ in asked], "splits", "entry__created_by")
    tell_all(
        [
            Message(
                to=person,
                template="asked" if revision.kind == Revision.Kind.ORDINARY else "correction_asked",
                key=asked_key(step.pk),
                company=revision.entry.company,
                link=links.decide(step.pk),
                data={
                    "step": step.name,
                    "why": step.why,
                    "because": step.because,
                    **_facts(revision, due_date),
                    **_to_decide(revision),
                },
            )
            for step, people, revision, due_date in asked
            for person in people
        ]
    )


def asked_key(step_id: int) -> str:
    return f"asked:{step_id}"


def tell_requester(run: Run, template: str, **data: str) -> None:
    told = of_run(run, template, **data)
    # A program reads no notices: what it submitted and came back is for whoever keeps the company's entries.
    people = menders(told.company) if told.to.is_service else [told.to]
    tell_all([replace(told, to=person) for person in people])


def of_run(run: Run, template: str, **data: str) -> Message:
    """To whoever submitted what the run is of."""
    revision = run.revision
    return Message(
        to=revision.created_by,
        template=template,
        key=f"{template}:{revision.pk}",
        company=revision.entry.company,
        link=links.entry(revision.entry_id),
        data={**_facts(revision, _due_date(revision)), **data},
    )


def tell_advanced(run: Run, step: Step, *, who: str) -> None:
    """To whoever submitted it: approved, and the next step is asked."""
    if run.revision.kind == Revision.Kind.ORDINARY:
        told = of_run(run, "entry_advanced", who=who, step=step.name)
        tell_all([replace(told, key=f"{told.key}:{step.pk}")])


def _to_decide(revision: Revision) -> dict[str, Any]:
    """What a decision needs besides: nothing of a CPF or CNPJ, nor of where the money goes."""
    categories = dict.fromkeys(split.category_name for split in revision.splits.all())
    found: dict[str, Any] = {
        "category": list(categories),
        "entered_by": revision.entry.created_by.name,
        "documents": [file["name"] for file in revision.documents],
    }
    if revision.kind == Revision.Kind.CORRECTION:
        rows = differences(content_of(correcting.before(revision)), content_of(revision))
        found["changes"] = [
            [row["field"].rpartition(".")[2], str(row["old"]), str(row["new"])] for row in rows
        ]
    return found


def _facts(revision: Revision, due_date: date) -> dict[str, str]:
    return {
        "number": str(revision.entry.number),
        "party": revision.party_name,
        "description": revision.description,
        "amount": str(revision.amount),
        "due": due_date.isoformat(),
        "company": revision.entry.company.name,
    }


def _due_date(revision: Revision) -> date:
    return min(part.due_date for part in revision.instalments.all())
