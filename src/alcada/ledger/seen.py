"""What a read of the account tells of an instalment of ours. Three reads tell three parts of it. Pure.

The search tells value, dates, state and party; the read of one entry adds payments, account, method and split; the
newer list alone tells the entry's own description and reference. What a read doesn't tell is None here, and nothing
is concluded from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from alcada.ledger.models import Status
from conta_azul.calls.entries import FoundInstalment, ListedInstalment
from conta_azul.calls.instalments import Instalment

ZERO: Final = Decimal("0.00")
# An entry's own creation writes both of their times; whoever changes it takes longer than this.
CREATION: Final = timedelta(seconds=2)

# Both of their vocabularies (reference of the API, §3.4 and §3.5). Their OVERDUE is open to us.
_WORDS: Final[dict[str, Status]] = {
    "PENDENTE": Status.OPEN,
    "ATRASADO": Status.OPEN,
    "EM_ABERTO": Status.OPEN,
    "QUITADO": Status.PAID,
    "RECEBIDO": Status.PAID,
    "RECEBIDO_PARCIAL": Status.PARTLY_PAID,
    "PERDIDO": Status.LOST,
    "RENEGOCIADO": Status.RENEGOTIATED,
    "CANCELADO": Status.CANCELLED,
}
Shares = Mapping[tuple[str, str], Decimal]  # (category, cost centre or "") -> value


@dataclass(frozen=True)
class Seen:
    """An instalment as seen. `fresh`: surely unchanged since it was created. `names`: what ids are called."""

    remote_id: str
    status: Status
    paid: Decimal = ZERO
    index: int | None = None
    due_date: date | None = None
    amount: Decimal | None = None
    paid_on: date | None = None
    description: str | None = None
    account: str | None = None
    method: str | None = None
    changed_at: datetime | None = None
    fresh: bool = False
    # Of the entry that it belongs to
    event: str | None = None
    party: str | None = None
    competence_date: date | None = None
    categories: frozenset[str] | None = None
    cost_centres: frozenset[str] | None = None
    shares: Shares | None = None
    entry_description: str | None = None
    reference: str | None = None
    names: Mapping[str, str] | None = None


def of_search(row: FoundInstalment) -> Seen:
    """A row of the older search. Its value is not told once something is paid: interest may be in it by then."""
    paid = row.paid or ZERO
    named = [one for one in (row.party, *row.categories, *row.cost_centres) if one and one.id]
    return Seen(
        remote_id=row.id,
        status=_status(row.search_status or row.status, paid, row.unpaid),
        paid=paid,
        due_date=row.due_date,
        amount=None if paid else row.total,
        description=row.description,
        changed_at=row.changed_at,
        fresh=not paid and _fresh(row.created_at, row.changed_at),
        party=row.party.id if row.party else None,
        competence_date=row.competence_date,
        categories=frozenset(one.id for one in row.categories if one.id) or None,
        cost_centres=frozenset(one.id for one in row.cost_centres if one.id),
        names={one.id: one.name for one in named if one.id and one.name},
    )


def of_read(part: Instalment) -> Seen:
    """An instalment read with its entry."""
    paid = part.paid or ZERO
    days = [each.paid_on for each in part.settlements if each.paid_on]
    whole = part.composition
    gross = whole.gross if whole else None
    # Once paid, interest and discount of the payment may be in the net value.
    amount = gross if paid and gross is not None else _net(part)
    shares: dict[tuple[str, str], Decimal] = {}
    for split in part.event.splits if part.event else ():
        if split.category_id and split.amount is not None:
            for centre, value in split.cost_centres or ((None, split.amount),):
                key = (split.category_id, centre or "")
                shares[key] = shares.get(key, ZERO) + (value or ZERO)
    return Seen(
        remote_id=part.id,
        status=_status(part.status, paid, part.unpaid),
        paid=paid,
        index=part.index,
        due_date=part.due_date,
        amount=amount,
        paid_on=max(days) if days else None,
        description=part.description,
        account=part.bank_account_id,
        method=part.payment_method,
        changed_at=part.changed_at,
        event=part.event.id if part.event else None,
        competence_date=part.event.competence_date if part.event else None,
        categories=frozenset(category for category, _ in shares) or None,
        cost_centres=frozenset(centre for _, centre in shares if centre) if shares else None,
        shares=shares or None,
    )


def of_list(row: ListedInstalment) -> Seen:
    """A row of the newer list: the only read with the entry's reference."""
    paid = row.paid or ZERO
    return Seen(
        remote_id=row.id,
        status=_status(row.status, paid, row.unpaid),
        paid=paid,
        index=row.index,
        due_date=row.due_date,
        amount=None if paid else row.net_amount,
        description=row.description,
        account=row.bank_account_id,
        method=row.payment_method,
        event=row.event.id,
        party=row.event.party_id,
        competence_date=row.event.competence_date,
        entry_description=row.event.description,
        reference=row.event.reference,
    )


def merged(first: Seen, second: Seen) -> Seen:
    """Two reads of one instalment as one; where both tell, the second is right."""
    told = {name: value for name, value in vars(second).items() if value is not None}
    names = {**(first.names or {}), **(second.names or {})}
    return replace(first, **told | {"names": names})


def by_order(seen: Iterable[Seen]) -> list[Seen]:
    """As the instalments of an entry are counted: by their index, else by due date."""
    return sorted(seen, key=lambda one: (one.index is None, one.index or 0, one.due_date or date.max))


def _net(part: Instalment) -> Decimal | None:
    if part.net_amount is not None:
        return part.net_amount
    whole = part.composition
    if whole is None:
        return None
    return whole.net if whole.net is not None else whole.gross


def _fresh(created: datetime | None, changed: datetime | None) -> bool:
    return created is not None and changed is not None and changed - created < CREATION


def _status(word: str | None, paid: Decimal, unpaid: Decimal | None) -> Status:
    """By their word; by the amounts where the word is a new one."""
    known = _WORDS.get((word or "").upper())
    if known is not None:
        return known
    if paid and unpaid is not None and unpaid <= 0:
        return Status.PAID
    return Status.PARTLY_PAID if paid else Status.OPEN
