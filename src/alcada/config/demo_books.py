"""Comparing the sandbox's books with what was approved: nothing missing, twice, elsewhere, different or unapproved."""

from decimal import Decimal
from typing import Any

from alcada.intake.models import Entry
from alcada.posting.models import Posting

Books = list[dict[str, Any]]


def compare(books: Books, before: Books, approved: list[Entry]) -> dict[str, Any]:
    """Counts for `alcada demo --json`; `ok` only if the books hold exactly what was approved, in the right account."""
    standing = [(company, item) for company in books for item in company["payables"] + company["receivables"]]
    by_reference: dict[str, Books] = {}
    for company, item in standing:
        by_reference.setdefault(item["referencia_externa"] or "", []).append({"in": company, **item})
    counts = {"lost": 0, "duplicated": 0, "misrouted": 0, "wrong_content": 0}
    for entry in approved:
        posting = Posting.objects.select_related("connection", "revision").get(entry=entry)
        found = by_reference.pop(posting.reference, [])
        counts["lost"] += not found
        counts["duplicated"] += max(0, len(found) - 1)
        counts["misrouted"] += any(item["in"]["id"] != posting.connection.remote_id for item in found)
        counts["wrong_content"] += any(described(item) != expected(posting) for item in found)
    counts["unapproved"] = sum(map(len, by_reference.values()))
    return {
        "ok": not any(counts.values()),
        "approved": len(approved),
        "posted": len(approved) - counts["lost"],
        "payables": sum(len(company["payables"]) for company in books),
        "receivables": sum(len(company["receivables"]) for company in books),
        **counts,
        "vendors_created": _grown("people", before, books),
        "cost_centres_created": _grown("cost_centres", before, books),
    }


def expected(posting: Posting) -> dict[str, Any]:
    """What the approved revision says, in words that the books have too."""
    revision = posting.revision
    return {
        "kind": posting.kind,
        "party": revision.party_name,
        "document": revision.party_document,
        "amount": revision.amount,
        "competence": revision.competence_date.isoformat(),
        "bank_account": revision.bank_account.name,
        "instalments": [(part.due_date.isoformat(), part.amount) for part in revision.instalments.all()],
        "splits": sorted(
            (split.category.name, split.cost_centre.name if split.cost_centre else "", split.amount)
            for split in revision.splits.all()
        ),
    }


def described(item: dict[str, Any]) -> dict[str, Any]:
    """The same of what stands in the books."""
    party = next(
        p for p in item["in"]["people"] if p["id"] == (item.get("id_fornecedor") or item.get("id_cliente"))
    )
    parts = item["parcelas"]
    return {
        "kind": "payable" if item["tipo"] == "DESPESA" else "receivable",
        "party": party["nome"],
        "document": party["documento"] or "",
        "amount": _money(item["valor"]),
        "competence": item["data_competencia"],
        "bank_account": parts[0]["conta_financeira"]["nome"],
        "instalments": [
            (part["data_vencimento"], _money(part["valor_composicao"]["valor_bruto"])) for part in parts
        ],
        "splits": sorted(_shares(parts[0]["evento"]["rateio"])),
    }


def _shares(rows: Books) -> list[tuple[str, str, Decimal]]:
    shares = []
    for row in rows:
        centres = row["rateio_centro_custo"] or [{"nome_centro_custo": "", "valor": row["valor"]}]
        shares += [(row["nome_categoria"], c["nome_centro_custo"], _money(c["valor"])) for c in centres]
    return shares


def _grown(what: str, before: Books, after: Books) -> int:
    return sum(len(company[what]) for company in after) - sum(len(company[what]) for company in before)


def _money(number: Any) -> Decimal:
    return Decimal(str(number)).quantize(Decimal("0.01"))
