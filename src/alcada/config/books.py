"""Comparing the sandbox's books with what was approved: nothing missing, twice, elsewhere, different or unapproved."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet

from alcada.directory import documents
from alcada.posting.models import Posting, State
from alcada.posting.request import METHODS

Books = list[dict[str, Any]]  # companies, as `/_sandbox/state` shows them

MOST_TOLD: Final = 5  # differences spelled out

# States from which a posting goes on by itself, or waits for a person who was told why.
WAITING = (State.QUEUED, State.SENDING, State.UNKNOWN, State.UNDECIDED, State.REFUSED)


def compare(books: Books, approved: QuerySet[Posting]) -> dict[str, Any]:
    """Counts; `ok` only if the books hold exactly what was approved, in the right account, and nothing waits.

    `waiting`: approved, not in the books, and its posting says why; `lost`: the same, and nothing says why.
    """
    standing = _by_reference(books)
    counts = dict.fromkeys(("posted", "lost", "duplicated", "misrouted", "wrong_content"), 0)
    waiting: Counter[str] = Counter()
    total = 0
    parted: list[dict[str, Any]] = []
    rows = approved.select_related("connection", "revision__bank_account").prefetch_related(
        "revision__instalments", "revision__splits"
    )
    for posting in rows.iterator(chunk_size=500):
        total += 1
        found = standing.pop(posting.reference, [])
        if not found and posting.state in WAITING:
            waiting[posting.reason or posting.state] += 1
        counts["posted"] += bool(found)
        counts["lost"] += not found and posting.state not in WAITING
        counts["duplicated"] += max(0, len(found) - 1)
        counts["misrouted"] += any(item["in"]["id"] != posting.connection.remote_id for item in found)
        wanted = expected(posting)
        different = [there for item in found if (there := described(item)) != wanted]
        counts["wrong_content"] += bool(different)
        parted += [{"approved": wanted, "books": there} for there in different[: MOST_TOLD - len(parted)]]
    counts["unapproved"] = sum(map(len, standing.values()))
    counts["duplicate_people"] = sum(_people_twice(company["people"]) for company in books)
    counts["duplicate_cost_centres"] = sum(_centres_twice(company["cost_centres"]) for company in books)
    right = counts["posted"] == total and not any(counts[name] for name in counts if name != "posted")
    report = {"ok": right, "approved": total, **counts, "waiting": dict(waiting)}
    return report | ({"differences": [str(pair) for pair in parted]} if parted else {})


def _by_reference(books: Books) -> dict[str, Books]:
    found: dict[str, Books] = {}
    for company in books:
        people = {person["id"]: person for person in company["people"]}
        place = {"id": company["id"], "people": people}
        for item in company["payables"] + company["receivables"]:
            found.setdefault(item["referencia_externa"] or "", []).append({"in": place, **item})
    return found


def expected(posting: Posting) -> dict[str, Any]:
    """What the approved revision says, in words that the books have too."""
    revision = posting.revision
    method = METHODS.get(revision.payment_method)
    return {
        "kind": posting.kind,
        "party": revision.party_name,
        "document": revision.party_document,
        "amount": revision.amount,
        "competence": revision.competence_date.isoformat(),
        "bank_account": revision.bank_account.name,
        "method": {method.value if method else None},
        "instalments": [(part.due_date.isoformat(), part.amount) for part in revision.instalments.all()],
        "splits": sorted(
            (
                split.category_name.split(" › ")[-1],
                split.cost_centre_name.removeprefix(f"{split.cost_centre_code} · "),
                split.amount,
            )
            for split in revision.splits.all()
        ),
    }


def described(item: dict[str, Any]) -> dict[str, Any]:
    """The same of what stands in the books."""
    party = item["in"]["people"][item.get("id_fornecedor") or item.get("id_cliente")]
    parts = item["parcelas"]
    return {
        "kind": "payable" if item["tipo"] == "DESPESA" else "receivable",
        "party": party["nome"],
        "document": documents.normalise(party["documento"] or ""),
        "amount": _money(item["valor"]),
        "competence": item["data_competencia"],
        "bank_account": parts[0]["conta_financeira"]["nome"],
        "method": {part["metodo_pagamento"] for part in parts},
        "instalments": [
            (part["data_vencimento"], _money(part["valor_composicao"]["valor_bruto"])) for part in parts
        ],
        "splits": sorted(_shares(parts[0]["evento"]["rateio"])),
    }


def grown(what: str, before: Books, after: Books) -> int:
    """How many more of these the books hold."""
    return sum(len(company[what]) for company in after) - sum(len(company[what]) for company in before)


def _shares(rows: Books) -> list[tuple[str, str, Decimal]]:
    shares = []
    for row in rows:
        centres = row["rateio_centro_custo"] or [{"nome_centro_custo": "", "valor": row["valor"]}]
        shares += [(row["nome_categoria"], c["nome_centro_custo"], _money(c["valor"])) for c in centres]
    return shares


def _people_twice(people: Books) -> int:
    """People beyond the first with the same CPF or CNPJ, or without any with the same name."""
    return _beyond_first(
        documents.normalise(one["documento"] or "") or documents.normalise_name(one["nome"]) for one in people
    )


def _centres_twice(centres: Books) -> int:
    return _beyond_first(documents.normalise_name(one["nome"]) for one in centres)


def _beyond_first(names: Iterable[str]) -> int:
    return sum(count - 1 for count in Counter(names).values())


def _money(number: Any) -> Decimal:
    return Decimal(str(number)).quantize(Decimal("0.01"))
