"""What is odd about an entry and has to be confirmed before it is submitted: by whoever submits it, however they do."""

from django.utils.translation import gettext as _

from alcada.intake import drafts, duplicates, rules
from alcada.intake.models import Entry
from alcada.intake.rules import Content, Question


def open_questions(entry: Entry, content: Content) -> list[Question]:
    """Those that the entry's draft doesn't confirm yet, in words."""
    asked = rules.questions(content, drafts.today())
    twins = duplicates.probable(entry.company, content, excluding=entry)
    if twins:
        code, _colon, about = duplicates.confirmation(twins).partition(":")
        numbers = ", ".join(f"#{one.entry.number}" for one in twins)
        text = _("It looks like %(numbers)s, entered before. Is it another one?") % {"numbers": numbers}
        asked.append(Question(code, about, text))
    confirmed = (entry.draft or {}).get("confirmed", [])
    return [question for question in asked if question.key not in confirmed]
