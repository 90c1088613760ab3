"""What a person says of an account's mapping: it is this one, it is another, it is none. Each change is recorded.

Each names what the person looked at (`seen`): where that changed meanwhile, nothing is done and they are told.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from alcada.connections import mapping
from alcada.connections.mirror_rows import Ours
from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, Counterpart, NewVendors, Theirs
from alcada.history.actions import record
from alcada.people.models import Company, User

Trouble = Counterpart.Trouble


class ChangedMeanwhileError(Exception):
    """Somebody, or the account, changed it since the page was drawn."""


class NotThereError(Exception):
    """The account has no such thing, or it is not in use there, or not of the right kind."""


@dataclass(frozen=True)
class Chosen:
    """One of theirs."""

    id: str
    name: str
    parent: str = ""
    lacks_profile: bool = False


def confirm(connection: Connection, ours: Ours, *, profile: str = "", seen: str, by: User) -> None:
    """It is the right one, also after they renamed it. Raises ChangedMeanwhileError."""
    kind = _kind(ours)
    with transaction.atomic():
        row = _locked(connection, kind, ours, profile, seen)
        if row is None or not row.active:
            raise ChangedMeanwhileError
        row.confirmed_by, row.confirmed_at, row.renamed_from = by, timezone.now(), ""
        row.save(update_fields=["confirmed_by", "confirmed_at", "renamed_from"])
        told = {"kind": kind, "ours": ours.pk, "name": str(ours), "now": row.remote_name, "id": row.remote_id}
        record("mapping.confirmed", connection, by=by, company=connection.company, data=told)


def confirm_sure(connection: Connection, kind: str, *, by: User) -> int:
    """Confirm all that leave no doubt, and take the sure suggestions for what is not mapped yet; how many."""
    with transaction.atomic():
        _lock(connection)
        now = timezone.now()
        found = mapping.sure(connection, kind)
        Counterpart.objects.filter(pk__in=[row.pk for row, _ours in found]).update(
            confirmed_by=by, confirmed_at=now
        )
        told = [[str(ours), row.remote_name, row.remote_id] for row, ours in found]
        if kind != "party":
            missing = list(mapping.ours_of(connection, kind, which="missing"))
            for line in mapping.lines(connection, kind, missing):
                if line.suggestion and line.suggestion.sure:
                    theirs, why = line.suggestion.theirs, line.suggestion.why
                    _write(connection, line.ours, "", line.row, _chosen(theirs), why, by)
                    told.append([str(line.ours), theirs.name, theirs.remote_id])
        if told:
            data = {"kind": kind, "count": len(told), "pairs": told}
            record("mapping.confirmed_sure", connection, by=by, company=connection.company, data=data)
    return len(told)


def choose(
    connection: Connection, ours: Ours, theirs: Chosen, *, profile: str = "", seen: str | None, by: User
) -> None:
    """It is this one of theirs. `seen` is None where no page showed what it was. Raises ChangedMeanwhileError."""
    kind = _kind(ours)
    with transaction.atomic():
        row = _locked(connection, kind, ours, profile, seen)
        before = row.remote_name if row and row.removed_at is None else ""
        _write(connection, ours, profile, row, theirs, Counterpart.Match.CHOSEN.value, by)
        told = {"kind": kind, "ours": ours.pk, "name": str(ours), "before": before, "now": theirs.name}
        record("mapping.chosen", connection, by=by, company=connection.company, data=told | {"id": theirs.id})


def choose_listed(connection: Connection, ours: Ours, remote_id: str, *, seen: str | None, by: User) -> None:
    """As `choose`, among what the last reading showed: no people. Raises NotThereError too."""
    found = mapping.choosable(connection, _kind(ours), ours, "").filter(remote_id=remote_id).first()
    if found is None or not mapping.fits(ours, found):
        raise NotThereError
    choose(connection, ours, _chosen(found), seen=seen, by=by)


def remove(connection: Connection, ours: Ours, *, profile: str = "", seen: str, by: User) -> None:
    """It is none of theirs, as far as we know: not used, and not matched with this one again by itself.

    Raises ChangedMeanwhileError.
    """
    kind = _kind(ours)
    with transaction.atomic():
        row = _locked(connection, kind, ours, profile, seen)
        if row is None or row.removed_at:
            raise ChangedMeanwhileError
        row.active, row.removed_at, row.trouble, row.renamed_from = False, timezone.now(), "", ""
        row.confirmed_by, row.confirmed_at = None, None
        row.save()
        told = {"kind": kind, "ours": ours.pk, "name": str(ours), "before": row.remote_name}
        record(
            "mapping.removed",
            connection,
            by=by,
            company=connection.company,
            data=told | {"id": row.remote_id},
        )


def hold_new_vendors(company: Company, *, hold: bool, by: User) -> bool:
    """Whether a vendor that an account doesn't have waits for a second look; False when that was so before."""
    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        row, _new = NewVendors.objects.get_or_create(company=company)
        if row.hold == hold:
            return False
        row.hold = hold
        row.save(update_fields=["hold"])
        record("company.new_vendors_changed", company, by=by, company=company, data={"hold": hold})
    return True


def _kind(ours: Ours) -> str:
    return next(kind for kind in mapping.KINDS if isinstance(ours, mapping.model_of(kind)))


def _chosen(theirs: Theirs) -> Chosen:
    return Chosen(theirs.remote_id, theirs.name, theirs.parent_name)


def _write(
    connection: Connection,
    ours: Ours,
    profile: str,
    row: Counterpart | None,
    theirs: Chosen,
    match: str,
    by: User,
) -> None:
    row = row or Counterpart(connection=connection, profile=profile, **{_kind(ours): ours})
    row.remote_id, row.remote_name, row.remote_parent = theirs.id, theirs.name[:255], theirs.parent
    row.match, row.renamed_from, row.removed_at = match, "", None
    row.trouble = Trouble.PROFILE if theirs.lacks_profile else Trouble.NONE
    row.active = not theirs.lacks_profile
    row.confirmed_by, row.confirmed_at, row.seen_at = by, timezone.now(), timezone.now()
    row.save()
    # What went out of use with theirs is of use again. A cost centre that a person took out of use stays so.
    if isinstance(ours, Category | BankAccount) and not ours.active:
        ours.active = True
        ours.save(update_fields=["active"])


def _lock(connection: Connection) -> None:
    """One change of an account's mapping at a time, and none while a fetch writes."""
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)


def _locked(
    connection: Connection, kind: str, ours: Ours, profile: str, seen: str | None
) -> Counterpart | None:
    _lock(connection)
    rows = Counterpart.objects.select_for_update(of=("self",), no_key=True)
    row = rows.filter(connection=connection, profile=profile, **{kind: ours}).first()
    if seen is not None and mapping.seen(row) != seen:
        raise ChangedMeanwhileError
    return row
