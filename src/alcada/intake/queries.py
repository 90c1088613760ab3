"""Reading entries, each person what is theirs to see."""

from collections.abc import Iterable

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from alcada.intake.models import Document, Entry, Instalment, Revision
from alcada.intake.rules import Content, CustomValue, FileFact, InstalmentPart, SplitPart
from alcada.people.models import User
from alcada.people.queries import may
from alcada.people.scopes import Scope, scope_of


def seen(scope: Scope) -> Q:
    """The entries that somebody sees: all of some companies, of others those that they entered."""
    if scope.everything and scope.own:
        return Q(company__in=scope.everything) | Q(company__in=scope.own, created_by=scope.user)
    if scope.everything:
        return Q(company__in=scope.everything)
    return Q(company__in=scope.own, created_by=scope.user)


def visible_entries(user: User) -> QuerySet[Entry]:
    """What the person entered, and all of the companies in which they may see all. Nothing else exists for
    them.
    """
    return Entry.objects.filter(seen(scope_of(user)))


def entry_or_none(user: User, pk: int) -> Entry | None:
    """The entry, if the person may see it. One that isn't theirs looks like one that isn't there."""
    return visible_entries(user).select_related("company", "current", "created_by").filter(pk=pk).first()


def may_change(user: User, entry: Entry) -> bool:
    """Who entered it changes it, as long as they may enter there; else the company's administrators."""
    return may_change_all(user, [entry])


def may_change_all(user: User, entries: Iterable[Entry]) -> bool:
    """May the person change every one of these?"""
    asked = {(entry.company, entry.created_by_id == user.pk) for entry in entries}
    return all(
        (own and may(user, "entry.create", company)) or may(user, "posting.mend", company)
        for company, own in asked
    )


def with_list_facts(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Annotate what a list shows beside the current revision: `first_due`, `parts`, `files`."""
    parts = Instalment.objects.filter(revision=OuterRef("current")).order_by().values("revision")
    files = Document.objects.filter(entry=OuterRef("pk"), removed_at=None).order_by().values("entry")
    return entries.annotate(
        first_due=Subquery(parts.annotate(value=Min("due_date")).values("value")),
        parts=Subquery(parts.annotate(value=Count("pk")).values("value")),
        files=Subquery(files.annotate(value=Count("pk")).values("value")),
    ).select_related("current", "company", "created_by")


def documents_of(entry: Entry) -> QuerySet[Document]:
    """The files that are with the entry now."""
    return entry.documents.filter(removed_at=None).select_related("added_by")


def content_of(revision: Revision) -> Content:
    """The content that a revision froze."""
    return Content(
        kind=revision.entry.kind,
        party_id=revision.party_id,
        party_name=revision.party_name,
        party_document=revision.party_document,
        description=revision.description,
        document_number=revision.document_number,
        competence_date=revision.competence_date,
        amount=revision.amount,
        currency=revision.currency,
        bank_account_id=revision.bank_account_id,
        bank_account_name=revision.bank_account.name,
        payment_method=revision.payment_method,
        payment_details=revision.payment_details,
        notes=revision.notes,
        splits=tuple(
            SplitPart(
                split.category_id,
                split.category_name,
                split.cost_centre_id,
                split.cost_centre_name,
                split.amount,
                split.cost_centre_code,
            )
            for split in revision.splits.all()
        ),
        instalments=tuple(
            InstalmentPart(part.number, part.due_date, part.amount) for part in revision.instalments.all()
        ),
        party_email=revision.party_email,
        documents=tuple(FileFact(**file) for file in revision.documents),
        custom=tuple(CustomValue(**one) for one in revision.custom),
    )
