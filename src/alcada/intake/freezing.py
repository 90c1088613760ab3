"""From a checked draft to a revision that nobody changes any more."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from django.db import transaction
from django.db.models import OuterRef

from alcada.history.actions import line, record_all
from alcada.intake import actions
from alcada.intake.models import Document, Entry, Instalment, Revision, Split
from alcada.intake.queries import content_of
from alcada.intake.rules import ChangedMeanwhileError, Content, FileFact, as_data, content_hash, differences
from alcada.people.models import User


def freeze(entry: Entry, content: Content, *, by: User) -> Revision:
    """Make the entry's next revision from checked content, and end the draft. `entry` is as it was checked.

    Runs in the caller's transaction, whose commit checks that the parts add up. What was checked is what is frozen:
    raises NotBeingEditedError when the draft was submitted or discarded meanwhile, ChangedMeanwhileError when saved.
    """
    return freeze_all([(entry, content)], by=by)[0]


def freeze_all(checked: Sequence[tuple[Entry, Content]], *, by: User) -> list[Revision]:
    """As `freeze`, of a company's entries, each with its checked content; in a few statements."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a revision commits with the round that judges it")
    locked = actions.all_being_edited([entry for entry, _ in checked], by)
    files = _files(locked.values())
    judged: list[tuple[Entry, Revision | None, Content]] = []
    for entry, content in checked:
        if locked[entry.pk].draft != entry.draft:
            raise ChangedMeanwhileError
        with_its_files = replace(content, documents=files.get(entry.pk, ()))
        judged.append((locked[entry.pk], locked[entry.pk].current, with_its_files))
    revisions = frozen(
        [(entry, before.number + 1 if before else 1, content) for entry, before, content in judged],
        by=by,
        kind=Revision.Kind.ORDINARY,
    )
    submitted = []
    for (entry, before, content), revision in zip(judged, revisions, strict=True):
        data = {"revision": revision.number, "content": as_data(content), "hash": revision.content_hash}
        if before:
            data["changes"] = differences(content_of(before), content)
        if confirmed := (entry.draft or {}).get("confirmed"):
            data["confirmed"] = confirmed
        submitted.append(line("entry.submitted", entry, by=by, company=entry.company, data=data))
        entry.current, entry.draft = revision, None
    made = Revision.objects.filter(entry=OuterRef("pk"), pk__in=[revision.pk for revision in revisions])
    Entry.objects.filter(pk__in=locked).update(current=made.values("pk"), draft=None)
    for (entry, _), revision in zip(checked, revisions, strict=True):
        # The caller's own copy must not bring the draft back if it is saved.
        entry.current, entry.draft = revision, None
    record_all(submitted)
    return revisions


def with_files(entry: Entry, content: Content) -> Content:
    """The content with the files that are with the entry now."""
    return replace(content, documents=_files([entry]).get(entry.pk, ()))


def _files(entries: Iterable[Entry]) -> dict[int, tuple[FileFact, ...]]:
    there = Document.objects.filter(entry__in=[entry.pk for entry in entries], removed_at=None).order_by("pk")
    found: dict[int, tuple[FileFact, ...]] = {}
    for file in there:
        found[file.entry_id] = (*found.get(file.entry_id, ()), FileFact(file.name, file.sha256))
    return found


def frozen(checked: Sequence[tuple[Entry, int, Content]], *, by: User, kind: Revision.Kind) -> list[Revision]:
    """The entries' next revisions, of each its number and its content. The caller holds the entries' rows."""
    revisions = Revision.objects.bulk_create(
        Revision(
            entry=entry,
            number=number,
            kind=kind,
            party_id=content.party_id,
            party_name=content.party_name,
            party_document=content.party_document,
            party_email=content.party_email,
            description=content.description,
            document_number=content.document_number,
            competence_date=content.competence_date,
            amount=content.amount,
            currency=content.currency,
            bank_account_id=content.bank_account_id,
            payment_method=content.payment_method,
            payment_details=content.payment_details,
            notes=content.notes,
            documents=[asdict(file) for file in content.documents],
            custom=[asdict(one) for one in content.custom],
            created_by=by,
            content_hash=content_hash(content),
        )
        for entry, number, content in checked
    )
    _freeze_parts(list(zip(revisions, (content for _, _, content in checked), strict=True)))
    return revisions


def _freeze_parts(frozen: Sequence[tuple[Revision, Content]]) -> None:
    Split.objects.bulk_create(
        Split(
            revision=revision,
            category_id=part.category_id,
            category_name=part.category_name,
            cost_centre_id=part.cost_centre_id,
            cost_centre_code=part.cost_centre_code,
            cost_centre_name=part.cost_centre_name,
            amount=part.amount,
        )
        for revision, content in frozen
        for part in content.splits
    )
    Instalment.objects.bulk_create(
        Instalment(revision=revision, number=part.number, due_date=part.due_date, amount=part.amount)
        for revision, content in frozen
        for part in content.instalments
    )
