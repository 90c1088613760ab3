"""May this draft be submitted, and to which account does it go? Decides nothing and saves nothing."""

from dataclasses import dataclass

from alcada.connections import routing
from alcada.connections.models import Connection
from alcada.connections.queries import Routed, route
from alcada.flow import rules
from alcada.flow.models import Trigger
from alcada.intake import drafts
from alcada.intake.models import Entry
from alcada.intake.reader import absent
from alcada.intake.rules import Content, Problems
from alcada.intake.shelf import Shelf


@dataclass(frozen=True)
class Checked:
    """What may be submitted, and the account that it goes to."""

    content: Content
    routed: Routed
    connection: Connection


def check(entry: Entry, shelf: Shelf | None = None, trigger: Trigger | None = None) -> Checked:
    """Read the draft, choose its account by the company's rules, and see that the account has what it names.

    `shelf` is one that has what this draft names among others; `trigger` what set its flow off, where that is not
    its submission.
    Raises intake.rules.Problems, NotBeingEditedError, or rules.SubmissionRefusedError when it goes to no account.
    """
    shelf = shelf or drafts.shelf_for(entry.company, [entry])
    # A deal has none of the company's own fields: what is required of a receivable can't be filled in there.
    content = drafts.check(entry, shelf, asks_own=trigger != Trigger.DEAL_WON)
    return place(entry, content, shelf, trigger)


def place(entry: Entry, content: Content, shelf: Shelf, trigger: Trigger | None = None) -> Checked:
    """As `check`, of content that was read from the draft already."""
    routed = route(entry.company, _routing_facts(content, trigger or Trigger.of(content.kind)), shelf.table)
    if refusal := rules.routed_nowhere(routed, entry.company.name):
        raise refusal
    assert routed.connection is not None
    if not routed.sole:  # of a sole account reading the draft has asked already
        rule = routed.choice.rule
        if wrong := absent(content, routed.connection, shelf, rule.name if rule else ""):
            raise Problems(wrong)
    return Checked(content, routed, routed.connection)


def _routing_facts(content: Content, trigger: Trigger) -> routing.Facts:
    return routing.Facts(
        kind=content.kind,
        amount=content.amount,
        party=str(content.party_id),
        document=content.party_document,
        category=tuple(str(part.category_id) for part in content.splits),
        cost_centre=tuple(str(part.cost_centre_id) for part in content.splits if part.cost_centre_id),
        instalments=len(content.instalments),
        flow=trigger,
    )
