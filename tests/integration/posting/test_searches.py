"""Looking with searches that are late, or down: what they don't show proves nothing, for payables and receivables."""

from typing import Any

import pytest
from integration.posting import edge as at_the_edge
from integration.posting.edge import Edge, Strike, instead
from integration.posting.hands import typed
from integration.posting.pairs import (
    PATHS,
    SIDES,
    Pair,
    check_books,
    creates,
    fresh,
    look,
    looks,
    one_of_each,
    states,
    told,
)
from stories import Account, books, come_due, post, watched

from alcada.connections import standing
from alcada.flow import posting as flow_posting
from alcada.ledger.models import Sighting
from alcada.posting.models import Attempt, Posting, State

EVENTS = "/v1/financeiro/eventos-financeiros"
SEARCHES = {kind: f"{EVENTS}/{path.rsplit('/')[-1]}/buscar" for kind, path in PATHS.items()}
FEED = f"{EVENTS}/alteracoes"
ALL = (*SEARCHES.values(), *PATHS.values(), FEED)
EAGER = {"absence_evidence": 0, "absence_span_s": 0.0}  # absence would be believed at once


def lost(
    account: Account, edge: Edge, strike: Strike, *, ana: Any, bruno: Any, number: str = "NF 1001"
) -> Pair:
    pair = one_of_each(account, ana=ana, bruno=bruno, number=number)
    for path in PATHS.values():
        edge.strike("POST", path, strike)
    post(account)
    assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2
    return pair


DOWN: dict[str, Strike] = {
    "500": instead("500 Internal Server Error", b"", applied=False),
    "502 in HTML": instead("502 Bad Gateway", b"<html>", "Content-Type: text/html", applied=False),
    "429": instead("429 Too Many Requests", b"", applied=False),
    "reset": at_the_edge.never_forwarded,
    "cut": at_the_edge.cut_body,
    "cut before the last chunk": at_the_edge.cut_last_chunk,
    "no list": instead("200 OK", b"{}", applied=False),
    "HTML": instead("200 OK", b"<html>login</html>", applied=False),
    "elsewhere": instead("302 Found", b"", "Location: /login", applied=False),
    "400": instead("400 Bad Request", b'{"message": "Inv\xc3\xa1lido"}', applied=False),
}


@pytest.mark.parametrize("which", ["all", "the first", "the last"])
def test_a_search_that_is_down_proves_no_absence(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any, which: str
) -> None:
    """However long it was looked for: it may stand there. In the end a person is asked, and told what failed."""
    settings.POSTING = settings.POSTING | EAGER
    down = {"all": ALL, "the first": tuple(SEARCHES.values()), "the last": (FEED,)}[which]
    pair = lost(account, edge, at_the_edge.never_forwarded, ana=ana, bruno=bruno)
    for name, strike in DOWN.items():
        for path in down:
            edge.strike("GET", path, strike, count=99)
        standing.forget()
        look(pair)
        assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2, name
        for posting in pair:
            looked = posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).latest("pk").request
            failed = {"all": 4, "the first": 2, "the last": 1}[
                which
            ]  # the first has two: by text, and by value
            assert (len(looked["failed"]), len(looked["searched"])) == (failed, 4 - failed), name
        edge.calm()
    for path in down:
        edge.strike("GET", path, DOWN["500"], count=99)
    for posting in pair:
        watched(posting, 61)
    look(pair)
    come_due(account)
    post(account)
    assert states(pair) == [(State.UNDECIDED, "not_found")] * 2
    assert [creates(posting) for posting in pair] == [[("unknown", None)]] * 2
    check_books(account, sandbox)


@pytest.mark.parametrize("which", ["one search", "two searches", "all but the feed"])
def test_what_one_search_does_not_answer_another_finds(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any, which: str
) -> None:
    settings.POSTING = settings.POSTING | EAGER
    pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno)
    down = tuple(SEARCHES.values()) if which == "one search" else (*SEARCHES.values(), *PATHS.values())
    if which == "two searches":  # and the feed: nothing is left, and then all is well again
        for path in ALL:
            edge.strike("GET", path, at_the_edge.never_forwarded, count=99)
        look(pair)
        assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2
        edge.calm()
    for path in down:
        edge.strike("GET", path, DOWN["500"], count=99)
    look(pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *pair)


@pytest.mark.parametrize("list_is", ["without references", "down"])
def test_where_no_search_knows_the_reference_it_is_found_by_value_and_due_date(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any, list_is: str
) -> None:
    """How the older search matches a text is not documented, nor that the newer list tells a reference."""
    sandbox.settings(description_match="whole", reference_in_lists=False)
    pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno)
    words = {}
    for posting in pair:  # the list tells the entry's words, and the search by value the instalments'
        (entry,) = there(account, sandbox, posting)
        words[posting.pk] = entry["descricao"]
        edit(sandbox, account.remote["id"], entry, {"descricao": "Outro"}, {})
    if list_is == "down":
        for path in PATHS.values():
            edge.strike("GET", path, DOWN["500"], count=99)
    look(pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    for posting in pair:
        looked = posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).latest("pk").request
        assert looked["searched"][-1] == "search by value"
        (entry,) = there(account, sandbox, posting)
        assert fresh(posting).remote_event_id == entry["id"]
        edit(sandbox, account.remote["id"], entry, {"descricao": words[posting.pk]}, {})
    check_books(account, sandbox, *pair)


def test_what_does_not_show_yet_is_found_when_it_does(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    """An account that showed late shows late again: ten times as long as the latest is waited before absence counts."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 1, "absence_span_s": 60.0, "look_for_s": 0.0}
    before = one_of_each(account, ana=ana, bruno=bruno, number="NF 1")
    post(account)
    flow_posting.sight(account.pk)
    Sighting.objects.update(lag_s=120)
    sandbox.settings(search_lag=3600)
    pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno)
    for posting in pair:
        watched(posting, 19)  # over the span, and short of ten times the lag
    look(pair)
    come_due(account)
    post(account)
    assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2
    sandbox.clock(advance_seconds=3601)
    look(pair)
    assert states(pair) == [(State.POSTED, "")] * 2
    check_books(account, sandbox, *before, *pair)
    for posting in pair:
        assert (creates(posting), looks(posting)) == ([("unknown", None)], ["not_found", "found"])
        assert told(posting) == ["intended", "attempted", "outcome", "unknown", "found"]


def test_too_few_that_came_back_are_no_evidence(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | {"absence_evidence": 2, "absence_span_s": 0.0}
    before = one_of_each(account, ana=ana, bruno=bruno, number="NF 1")
    post(account)
    flow_posting.sight(account.pk)  # one of each kind, and each has its own search
    pair = lost(account, edge, at_the_edge.never_forwarded, ana=ana, bruno=bruno)
    for posting in pair:
        watched(posting, 30)
    look(pair)
    assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2
    settings.POSTING = settings.POSTING | {"absence_evidence": 1}
    look(pair)
    assert states(pair) == [(State.QUEUED, "surely_absent")] * 2
    post(account)
    check_books(account, sandbox, *before, *pair)


def test_where_nothing_is_ever_sent_again_by_itself_a_person_is_asked(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | EAGER | {"resends": 0}
    pair = lost(account, edge, at_the_edge.never_forwarded, ana=ana, bruno=bruno)
    look(pair)
    assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2
    for posting in pair:
        watched(posting, 61)
    look(pair)
    assert states(pair) == [(State.UNDECIDED, "not_found")] * 2
    check_books(account, sandbox)


def test_two_found_go_to_a_person_and_nothing_more_goes_out(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | EAGER
    pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno)
    for posting in pair:
        tag = f"[{posting.reference}]"  # somebody at Conta Azul copied the entry, with all that it says
        copied = {"descricao": f"Cópia {tag}", "referencia_externa": posting.reference}
        second = typed(account, sandbox, posting, posting.kind, **copied)
        (part, *_) = next(e for e in there(account, sandbox, posting) if e["id"] == second)["parcelas"]
        sandbox.act(
            account.remote["id"], "edit", instalment=part["id"], changes={"descricao": f"Cópia {tag}"}
        )
    look(pair)
    look(pair)
    come_due(account)
    post(account)
    assert states(pair) == [(State.UNDECIDED, "several_found")] * 2
    for posting in pair:
        ids = {entry["id"] for entry in there(account, sandbox, posting)}
        assert len(ids) == 2
        assert set(fresh(posting).detail.split(", ")) == ids
        assert (creates(posting), looks(posting)) == ([("unknown", None)], ["several"])
        assert told(posting) == ["intended", "attempted", "outcome", "unknown", "undecided"]


EDITED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # of the entry, of each instalment
    "due dates": ({}, {"data_vencimento": "2029-05-01"}),
    "the entry's words": ({"descricao": "Outro", "observacao": "", "referencia_externa": ""}, {}),
    "the instalments' words": ({}, {"descricao": "Outro", "nota": ""}),
    "the competence date": ({"data_competencia": "2020-01-01"}, {}),
    "due dates and the entry's words": (
        {"descricao": "Outro", "observacao": "", "referencia_externa": ""},
        {"data_vencimento": "2029-05-01"},
    ),
}


def test_one_that_somebody_edited_meanwhile_is_found_or_asked_about_and_never_sent_again(
    account: Account, edge: Edge, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | EAGER
    company = account.remote["id"]
    for name, (of_entry, of_part) in EDITED.items():
        pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno, number=f"NF {name}")
        for posting in pair:
            (entry,) = there(account, sandbox, posting)
            edit(sandbox, company, entry, of_entry, of_part)
        look(pair)
        come_due(account)
        post(account)
        assert states(pair) == [(State.POSTED, "")] * 2, name
    everything = {"descricao": "Outro", "observacao": "", "referencia_externa": ""}
    settings.POSTING = settings.POSTING | {"look_for_s": 0.0}
    pair = lost(account, edge, at_the_edge.lose_it, ana=ana, bruno=bruno, number="NF all")
    entries = {posting.pk: there(account, sandbox, posting)[0] for posting in pair}
    for entry in entries.values():
        edit(sandbox, company, entry, everything, {"descricao": "Outro", "nota": ""})
    look(pair)
    come_due(account)
    post(account)
    assert states(pair) == [(State.UNDECIDED, "unclear")] * 2
    assert [fresh(posting).detail for posting in pair] == [entries[posting.pk]["id"] for posting in pair]
    count = len(EDITED) + 1
    books_ = books(sandbox, account.connection.company.document)
    assert [len(books_[side]) for side in SIDES.values()] == [count, count]
    assert set(Posting.objects.values_list("resent", flat=True)) == {False}


def there(account: Account, sandbox: Any, posting: Posting) -> list[dict[str, Any]]:
    found = books(sandbox, account.connection.company.document)[SIDES[posting.kind]]
    return [entry for entry in found if entry["referencia_externa"] == posting.reference]


def edit(
    sandbox: Any, company: str, entry: dict[str, Any], of_entry: dict[str, Any], of_part: dict[str, Any]
) -> None:
    if of_entry:
        sandbox.act(company, "edit", event=entry["id"], changes=of_entry)
    for part in entry["parcelas"] if of_part else ():
        sandbox.act(company, "edit", instalment=part["id"], changes=of_part)
