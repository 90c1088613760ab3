"""Why a posting needs a person, in words that they can act on: one sentence, and what to do about it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = tuple[str | Promise, str | Promise]

# reason -> (what happened, what to do about it): of postings that don't go on by themselves and ask no question.
STUCK: Final[dict[str, Words]] = {
    "several_found": (
        _("More than one entry in Conta Azul carries this reference."),
        _("Open Conta Azul, keep one of them and remove the others there. Then look again."),
    ),
    "not_found": (
        _("It may have been sent, but it could not be found in Conta Azul."),
        _(
            "Look for the reference in Conta Azul. If it is there, look again here; "
            "if it is surely not, post it again."
        ),
    ),
    "unclear": (
        _(
            "It was not found by its reference, but entries of the same value or due dates were changed in Conta Azul "
            "since it was sent: one of them may be it, edited."
        ),
        _(
            "Look at them in Conta Azul. If one is this entry, put the reference back into its description and look "
            "again here; if surely none is, post it again."
        ),
    ),
    "late_answer": (
        _("Conta Azul answered late: the entry is in the books although this posting had ended."),
        _("Look at the entry in Conta Azul, and remove it there if it should not exist."),
    ),
    "second_event": (
        _("Conta Azul reported a second entry for this posting."),
        _("Open Conta Azul and remove the one that is too many."),
    ),
    "cannot_be_sent": (
        _("Conta Azul would not take the entry as it is. Nothing was sent."),
        _("Change the entry; it goes through approval again."),
    ),
    "refused": (
        _("Conta Azul refused the entry."),
        _(
            "Read what Conta Azul says, mend the cause and post it again. "
            "What has to change in the entry itself goes through approval again."
        ),
    ),
    "party_inactive": (
        _("The vendor or customer is marked as inactive in Conta Azul."),
        _("Make it active there and post again, or choose another."),
    ),
    "party_refused": (
        _("Conta Azul refused to create the vendor or customer."),
        _("Read what Conta Azul says, correct the vendor or customer, then post again."),
    ),
    "cost_centre_inactive": (
        _("The cost centre is marked as inactive in Conta Azul."),
        _("Make it active there and post again, or choose another."),
    ),
    "cost_centre_refused": (
        _("Conta Azul refused to create the cost centre."),
        _("Read what Conta Azul says, correct the cost centre, then post again."),
    ),
}
