"""A payable and a receivable on their way together: what became of them, and the whole books."""

from typing import Any

from stories import Account, approved, books

from alcada.flow import posting as flow_posting
from alcada.history.queries import breaks, of
from alcada.posting.models import Attempt, Posting, State

PATHS = {"payable": "/v1/financeiro/contas-a-pagar", "receivable": "/v1/financeiro/contas-a-receber"}
SIDES = {"payable": "payables", "receivable": "receivables"}
DOCUMENT = "11222333000181"
WORDS = {
    "payable": ("Papel A4", "1.500,00", "1.000,00"),
    "receivable": ("Consultoria", "2.300,55", "1.800,55"),
}
Pair = list[Posting]  # a payable and a receivable


def one_of_each(account: Account, *, ana: Any, bruno: Any, number: str = "NF 1001") -> Pair:
    company = account.connection.company
    pair = []
    for kind, (description, amount, rest) in WORDS.items():
        pair.append(
            approved(
                company,
                ana=ana,
                bruno=bruno,
                kind=kind,
                description=description,
                amount=amount,
                document_number=number,
                instalments=[
                    {"due_date": "10/12/2026", "amount": "500,00"},
                    {"due_date": "10/01/2027", "amount": rest},
                ],
            )
        )
    return pair


def fresh(posting: Posting) -> Posting:
    return Posting.objects.select_related("entry").get(pk=posting.pk)


def states(pair: Pair) -> list[tuple[str, str]]:
    return [(fresh(posting).state, fresh(posting).reason) for posting in pair]


def creates(posting: Posting) -> list[tuple[str, int | None]]:
    """Outcome and status of each create that was begun."""
    return list(posting.attempts.filter(kind=Attempt.Kind.ENTRY).values_list("outcome", "status"))


def looks(posting: Posting) -> list[str]:
    return list(posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).values_list("outcome", flat=True))


def told(posting: Posting) -> list[str]:
    """What history says of the entry's posting, without what was made for it before; its chain holds."""
    records = [one for one in of(posting.entry) if one.event.startswith("posting.")]
    assert not list(breaks())
    return [
        one.event.removeprefix("posting.")
        for one in records
        if one.data.get("kind") in (None, "entry", "look_up")
    ]


def look(pair: Pair) -> None:
    for posting in pair:
        flow_posting.look([posting.pk])


# --- The whole books ------------------------------------------------------------------------------------------------


def stands(entry: dict[str, Any], there: dict[str, Any]) -> tuple[Any, ...]:
    """What one entry of the books says, in words."""
    names = {p["id"]: (p["nome"], p["documento"] or "") for p in there["people"]}
    rows = entry["parcelas"][0]["evento"]["rateio"]
    return (
        entry["referencia_externa"],
        entry["descricao"],
        f"{entry['valor']:.2f}",
        names[entry["id_fornecedor"] or entry["id_cliente"]],
        [
            (p["data_vencimento"], f"{p['valor_composicao']['valor_bruto']:.2f}", p["descricao"])
            for p in entry["parcelas"]
        ],
        [
            (
                r["nome_categoria"],
                [c["nome_centro_custo"] for c in r["rateio_centro_custo"]],
                f"{r['valor']:.2f}",
            )
            for r in rows
        ],
    )


def approved_to_stand(posting: Posting) -> tuple[Any, ...]:
    """What was approved, as the books should say it."""
    content, tag = posting.content, f"[{posting.reference}]"
    parts = content["instalments"]
    return (
        posting.reference,
        f"{content['description']} {tag}",
        content["amount"],
        (content["party"]["name"], content["party"]["document"]),
        [
            (part["due_date"], part["amount"], f"{content['description']} {n}/{len(parts)} {tag}")
            for n, part in enumerate(parts, start=1)
        ],
        [
            (s["category"]["name"].split(" › ")[-1], [s["cost_centre"]["name"]], s["amount"])
            for s in content["splits"]
        ],
    )


def check_books(account: Account, sandbox: Any, *postings: Posting) -> None:
    """The books hold these, each once and as approved, and nothing else; one person, one cost centre for all."""
    there = books(sandbox, account.connection.company.document)
    for kind, side in SIDES.items():
        wanted = sorted(approved_to_stand(posting) for posting in postings if posting.kind == kind)
        assert sorted(stands(entry, there) for entry in there[side]) == wanted, kind
    assert len([p for p in there["people"] if p["documento"] == DOCUMENT]) <= 1
    assert len([c for c in there["cost_centres"] if c["nome"] == "Administração"]) <= 1
    by_reference = {e["referencia_externa"]: e for side in SIDES.values() for e in there[side]}
    for posting in postings:
        now, entry = fresh(posting), by_reference[posting.reference]
        if now.state == State.POSTED:
            assert now.remote_event_id == entry["id"]
            assert now.remote_instalment_ids == [part["id"] for part in entry["parcelas"]]
