"""Why a decision can't be taken, in words: for the page and the API."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

# approval.rules codes -> what the person reads.
SENTENCES: Final[dict[str, str | Promise]] = {
    "not_asked": lazy("You are not asked at this step."),
    "own_entry": lazy("You entered it, so somebody else decides."),
    "same_person": lazy("You answered an earlier step of this entry. Two steps are two people."),
    "last_one": lazy(
        "Only you can answer a later step of this entry, so somebody else has to answer this one."
    ),
    "comment_required": lazy("Say why: whoever entered it reads this."),
    "not_yet": lazy("An earlier step is still being asked."),
    "not_open": lazy("This step is no longer asked: the entry was taken back or decided meanwhile."),
}
