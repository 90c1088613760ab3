"""What is odd about an entry and has to be confirmed before it is submitted: by whoever submits it, however they do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alcada.intake import drafts, duplicates, rules
from alcada.intake.duplicates import Probable
from alcada.intake.models import Entry
from alcada.intake.rules import Content, Question


@dataclass(frozen=True)
class Odd:
    """What may be right all the same, and which of it the draft says to be right."""

    questions: Sequence[Question] = ()
    twins: Sequence[Probable] = ()  # that it may be here already is one question
    confirmed: frozenset[str] = frozenset()

    @property
    def twins_key(self) -> str:
        return duplicates.confirmation(self.twins) if self.twins else ""

    @property
    def open(self) -> list[Question]:
        """Those that the draft doesn't confirm yet, in words. Of others' entries these tell the number only."""
        asked = [*self.questions, *([self._of_twins()] if self.twins else [])]
        return [question for question in asked if question.key not in self.confirmed]

    def _of_twins(self) -> Question:
        code, _colon, about = self.twins_key.partition(":")
        numbers = ", ".join(f"#{one.entry.number}" for one in self.twins)
        text = _("It looks like %(numbers)s, entered before. Is it another one?") % {"numbers": numbers}
        return Question(code, about, text)


def odd(entry: Entry, content: Content, draft: Mapping[str, Any] | None) -> Odd:
    """What has to be confirmed of this content; `draft`, the entry's or its correction's, says what was."""
    return Odd(
        questions=rules.questions(content, drafts.today()),
        twins=duplicates.probable(entry.company, content, excluding=entry),
        confirmed=frozenset((draft or {}).get("confirmed", [])),
    )
