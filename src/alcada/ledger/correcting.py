"""What a correction does to what is expected of an entry: both hold while it is made, then the new one. Pure."""

from collections.abc import Iterable, Iterator

from alcada.ledger.comparing import Compared, Expected, Part
from alcada.ledger.models import Difference

Kind = Difference.Kind
Key = tuple[int, Kind]


def either(old: Iterable[Compared], new: Iterable[Compared]) -> list[Compared]:
    """While a correction is being made: what stands as approved before, or as approved now, is no difference."""
    as_new = {(row.number, row.kind) for row in new if row.same}
    return [Compared(row.number, row.kind, True) if (row.number, row.kind) in as_new else row for row in old]


def as_it_was(old: Expected, new: Expected) -> dict[Key, Compared]:
    """What the correction changes, as if nothing of it were done there yet."""
    rows = [*_of_entry(old, new), *_of_instalments(old, new)]
    return {(row.number, row.kind): row for row in rows if not row.same}


def _of_entry(old: Expected, new: Expected) -> Iterator[Compared]:
    known = old.party and new.party
    same = old.party == new.party if known else old.party_name == new.party_name
    yield Compared(0, Kind.PARTY, same, new.party_name, old.party_name, old.party)
    was, is_ = old.competence_date.isoformat(), new.competence_date.isoformat()
    yield Compared(0, Kind.COMPETENCE, was == is_, is_, was)
    same = old.description.split() == new.description.split()
    yield Compared(0, Kind.DESCRIPTION, same, new.description, old.description)
    named = [_named(kind, old, new) for kind in (Kind.CATEGORY, Kind.COST_CENTRE)]
    yield from named
    ours, theirs = _shares(new), _shares(old)
    # As comparing: another name is one of category or cost centre, and not told a second time.
    same = ours == theirs or not all(row.same for row in named)
    yield Compared(0, Kind.SPLIT, same, "; ".join(ours), "; ".join(theirs))
    count = str(len(new.instalments)), str(len(old.instalments))
    yield Compared(0, Kind.INSTALMENTS, count[0] == count[1], *count)


def _named(kind: Kind, old: Expected, new: Expected) -> Compared:
    def names(expected: Expected) -> tuple[list[str], str]:
        pairs = {
            (share.category, share.category_name)
            if kind == Kind.CATEGORY
            else (share.cost_centre, share.cost_centre_name)
            for share in expected.shares
        }
        ids = sorted(key or name for key, name in pairs if name)
        return ids, ", ".join(sorted(name for _key, name in pairs if name))

    (new_ids, new_names), (old_ids, old_names) = names(new), names(old)
    key = ", ".join(old_ids) if kind == Kind.CATEGORY else ""
    return Compared(0, kind, new_ids == old_ids, new_names, old_names, key)


def _shares(expected: Expected) -> list[str]:
    return sorted(
        f"{share.category_name}{f' / {share.cost_centre_name}' if share.cost_centre_name else ''}: "
        f"{share.amount:.2f}"
        for share in expected.shares
    )


def _of_instalments(old: Expected, new: Expected) -> Iterator[Compared]:
    for part in new.instalments:
        before = old.part(part.number)
        if before is not None:
            yield from _of_instalment(before, part, old, new)


def _of_instalment(before: Part, after: Part, old: Expected, new: Expected) -> Iterator[Compared]:
    number = after.number
    was, is_ = before.due_date.isoformat(), after.due_date.isoformat()
    yield Compared(number, Kind.DUE_DATE, was == is_, is_, was)
    amounts = f"{after.amount:.2f}", f"{before.amount:.2f}"
    yield Compared(number, Kind.AMOUNT, amounts[0] == amounts[1], *amounts)
    same = before.description.split() == after.description.split()
    yield Compared(number, Kind.DESCRIPTION, same, after.description, before.description)
    names = new.bank_account_name, old.bank_account_name
    yield Compared(number, Kind.ACCOUNT, old.bank_account == new.bank_account, *names, old.bank_account)
    yield Compared(number, Kind.METHOD, old.method == new.method, new.method, old.method)
