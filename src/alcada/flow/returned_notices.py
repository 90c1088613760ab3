"""Who is told what became of a posted entry: a notice, once, in the transaction of what it tells of."""

from alcada import links
from alcada.ledger.differing import Outcome
from alcada.ledger.models import Difference
from alcada.notify.actions import tell
from alcada.people.queries import menders


def tell_owners(outcome: Outcome) -> None:
    """In the transaction of what it tells of: who entered it, and for a difference the company's administrators."""
    posting = outcome.entry.posting
    entry = posting.entry
    revision = entry.current or posting.revision
    facts = {
        "number": str(entry.number),
        "party": revision.party_name,
        "description": revision.description,
        "amount": str(revision.amount),
        "company": entry.company.name,
    }
    link = links.entry(entry.pk, "books")
    if edited := outcome.edited:
        gone = any(one.kind == Difference.Kind.GONE for one in edited)
        owners = {user.pk: user for user in (entry.created_by, *menders(entry.company))}
        tell(
            [user for user in owners.values() if user.is_active],
            template="entry_gone" if gone else "entry_changed",
            key=f"difference:{edited[-1].pk}",
            company=entry.company,
            link=link,
            data=facts,
        )
    if outcome.paid_in_full:
        tell(
            [entry.created_by] if entry.created_by.is_active else [],
            template="entry_paid",
            key=f"paid:{posting.pk}",
            company=entry.company,
            link=link,
            data=facts,
        )
