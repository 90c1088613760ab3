"""What is followed in the account's books: each posting that is posted, with what was approved in the account's ids."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from alcada.directory.models import Counterpart, EntryKind
from alcada.ledger.models import EntryState, InstalmentState
from alcada.posting.models import ADOPTED, BY_HAND, Attempt, Posting, State
from alcada.posting.parties import PROFILE
from alcada.posting.request import METHODS, ids_sent, tagged

Ids = dict[tuple[str, int], str]
FOLLOWED_AT_ONCE: Final = 500


def posted() -> QuerySet[Posting]:
    return Posting.objects.filter(state=State.POSTED).exclude(remote_event_id="")


def follow_new(connection_id: int) -> None:
    """Postings that are posted and not followed yet, with what was approved in the account's own ids."""
    while new := list(posted().filter(connection_id=connection_id, entry_state=None)[:FOLLOWED_AT_ONCE]):
        creates = Attempt.objects.filter(posting__in=new, kind=Attempt.Kind.ENTRY)
        sent = dict(creates.order_by("pk").values_list("posting_id", "request"))
        known = creates.filter(outcome=Attempt.Outcome.POSTED)
        ids = {kind: their_ids(connection_id, kind) for kind in {posting.kind for posting in new}}
        with transaction.atomic():
            _follow(new, ids, sent, set(known.values_list("posting_id", flat=True)))


def _follow(
    new: list[Posting], ids: Mapping[str, Ids], sent: Mapping[int, Mapping[str, Any]], answered: set[int]
) -> None:
    """`ids`: by kind, what the account calls ours today; what the create called it counts, where we sent one (`sent`).

    `answered`: whose instalments' ids came with the answer to the create, in the order of the instalments. Of the
    others, which is which is read. Two polls at once make one.
    """
    EntryState.objects.bulk_create(
        [
            EntryState(
                posting=posting,
                connection_id=posting.connection_id,
                expected=expected(posting, ids[posting.kind] | _sent_ids(posting, sent.get(posting.pk))),
                changed=not _known(posting, answered),
            )
            for posting in new
        ],
        ignore_conflicts=True,
    )
    made = dict(EntryState.objects.filter(posting__in=new).values_list("posting_id", "pk"))
    InstalmentState.objects.bulk_create(
        [
            InstalmentState(
                entry_id=made[posting.pk],
                connection_id=posting.connection_id,
                number=part["number"],
                remote_id=posting.remote_instalment_ids[index] if _known(posting, answered) else "",
                due_date=part["due_date"],
                amount=part["amount"],
            )
            for posting in new
            for index, part in enumerate(posting.content["instalments"])
        ],
        ignore_conflicts=True,
    )


def _sent_ids(posting: Posting, body: Mapping[str, Any] | None) -> Ids:
    # Adopted: what stands there is not what we sent, if anything was.
    if not body or "rateio" not in body or posting.reason in (ADOPTED, BY_HAND):
        return {}
    return ids_sent(posting.content, body)


def _known(posting: Posting, answered: set[int]) -> bool:
    count = len(posting.content["instalments"])
    return len(posting.remote_instalment_ids) == count and (count == 1 or posting.pk in answered)


def their_ids(connection_id: int, kind: str) -> Ids:
    """(what, our key) -> the account's id. Of a party's two profiles the one that entries of the kind need."""
    fields = ("party", "category", "cost_centre", "bank_account")
    found = Counterpart.objects.filter(connection_id=connection_id).order_by("active", "pk")
    rows = list(found.values("remote_id", "profile", *(f"{f}_id" for f in fields)))
    # The last of a thing counts: what is in use before what somebody took away, and the kind's own profile before all.
    rows.sort(key=lambda row: row["profile"] == PROFILE[EntryKind(kind)].value)
    return {
        (name, row[f"{name}_id"]): row["remote_id"] for row in rows for name in fields if row[f"{name}_id"]
    }


def expected_ids(was: Mapping[str, Any], content: Mapping[str, Any]) -> Ids:
    """The account's ids of what `content` names, as they are expected of it there.

    What is mapped otherwise since then is no change of what stands there: nobody approved one.
    """
    ids = {
        ("party", content["party"]["id"]): was["party"],
        ("bank_account", content["bank_account"]["id"]): was["bank_account"],
    }
    for share, split in zip(was["shares"], content["splits"], strict=True):
        ids["category", split["category"]["id"]] = share["category"]
        if split["cost_centre"]:
            ids["cost_centre", split["cost_centre"]["id"]] = share["cost_centre"]
    return {key: remote_id for key, remote_id in ids.items() if remote_id}


def expected(
    posting: Posting, ids: Mapping[tuple[str, int], str], content: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What was approved and sent, as `ledger.comparing.Expected` reads it; `content`: what a correction made of it."""
    content = content or posting.content
    parts = content["instalments"]
    theirs = posting.reason == BY_HAND  # in the words of who typed it there
    method = METHODS.get(content["payment_method"])
    return {
        "party": ids.get(("party", content["party"]["id"]), ""),
        "party_name": content["party"]["name"],
        "description": "" if theirs else tagged(content["description"], posting.reference),
        "reference": "" if theirs else posting.reference,
        "competence_date": content["competence_date"],
        "bank_account": ids.get(("bank_account", content["bank_account"]["id"]), ""),
        "bank_account_name": content["bank_account"]["name"],
        "method": method.value if method else "",
        "shares": [
            {
                "category": ids.get(("category", split["category"]["id"]), ""),
                "category_name": split["category"]["name"],
                "cost_centre": ids.get(("cost_centre", centre["id"]), "")
                if (centre := split["cost_centre"])
                else "",
                "cost_centre_name": centre["name"] if centre else "",
                "amount": split["amount"],
            }
            for split in content["splits"]
        ],
        "instalments": [
            {
                "number": part["number"],
                "due_date": part["due_date"],
                "amount": part["amount"],
                "description": ""
                if theirs
                else tagged(content["description"], posting.reference, f"{part['number']}/{len(parts)}"),
            }
            for part in parts
        ],
        "revalued": content["amount"] != posting.content["amount"],
    }
