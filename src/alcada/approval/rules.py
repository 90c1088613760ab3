"""Who may answer, and whether a round can still be finished. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """A step to be: who is asked what, and why: in words, or as the condition (alcada.conditions) that held."""

    key: str
    name: str
    why: str
    people: tuple[int, ...]  # user ids; one of them answers
    role: str = ""  # that they were asked for, and must still have when they answer
    because: Mapping[str, Any] = field(default_factory=dict)


class ApprovalError(Exception):
    """A decision that can't be taken; `code` is stable, the page has the sentence."""

    code = "approval"


class NotAskedError(ApprovalError):
    """This person isn't asked at this step."""

    code = "not_asked"


class OwnEntryError(ApprovalError):
    """Who entered it may not decide it, whatever role they have."""

    code = "own_entry"


class SamePersonError(ApprovalError):
    """This person has answered an earlier step of the same round."""

    code = "same_person"


class LastOneError(ApprovalError):
    """Only this person can answer a later step; another must answer this one."""

    code = "last_one"


class CommentRequiredError(ApprovalError):
    """Rejecting or sending back needs words."""

    code = "comment_required"


class NotOpenError(ApprovalError):
    """The step isn't being asked (any more)."""

    code = "not_open"


class NotYetError(NotOpenError):
    """An earlier step of the round is still being asked."""

    code = "not_yet"


def can_be_answered(steps: Sequence[Sequence[int]]) -> bool:
    """Can each step be answered by a different one of its people? (A matching that covers every step.)

    Two pairs of eyes are two people: somebody who is an approver and an administrator counts once.
    """
    taken: dict[int, int] = {}  # person -> step

    def place(step: int, tried: set[int]) -> bool:
        for person in steps[step]:
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = step
                return True
        return False

    return all(place(step, set()) for step in range(len(steps)))
