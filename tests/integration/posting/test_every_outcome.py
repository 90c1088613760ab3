"""Every way that a create can end, for payables and receivables: state, reason, attempts, history, the whole books.

Beside it: what surely was not sent (`test_not_sent`), searches that are down or late (`test_searches`), workers and
databases that go away (`test_lost`), clocks (`test_clocks`), what can't be noted (`test_noting`).
"""

from typing import Any

import pytest
from integration.posting import edge as at_the_edge
from integration.posting.edge import Edge, Strike, elsewhere, instead
from integration.posting.pairs import (
    PATHS,
    Pair,
    check_books,
    creates,
    look,
    looks,
    one_of_each,
    states,
    told,
)
from stories import Account, approved, books, come_due, post, watched

from alcada.connections import remote
from alcada.directory.actions import save_cost_centre
from alcada.directory.models import Category
from alcada.posting import mending
from alcada.posting.models import Posting, State
from conta_azul import Timeouts

PATIENT = remote.TIMEOUTS
IMPATIENT = Timeouts(connect=5.0, read=1.5, write=5.0, pool=60.0)


# --- The create may have arrived ------------------------------------------------------------------------------------


HTML = (b"<html><body>502 Bad Gateway</body></html>", "Content-Type: text/html")
Cases = dict[str, tuple[Strike, int | None]]  # what happens to the answer, and the status that is seen of it
ARRIVED: dict[str, Cases] = {
    "no answer": {
        "lost": (at_the_edge.lose_it, None),
        "hung up": (at_the_edge.hang_up, None),
        "silence": (at_the_edge.stay_silent, None),
        "another protocol": (at_the_edge.other_protocol, None),
        "packed wrongly": (at_the_edge.bad_gzip, None),
    },
    "an answer cut in the middle": {
        "in the status line": (at_the_edge.cut_status_line, None),
        "in the head": (at_the_edge.cut_head, None),
        "before the body": (at_the_edge.cut_before_body, None),
        "in the body": (at_the_edge.cut_body, None),
        "before the last byte": (at_the_edge.cut_last_byte, None),
        "in a chunk's size": (at_the_edge.cut_chunk_size, None),
        "in a chunk": (at_the_edge.cut_chunk, None),
        "before the last chunk": (at_the_edge.cut_last_chunk, None),
    },
    "their failure": {
        "500": (instead("500 Internal Server Error", b'{"message": "Erro"}'), 500),
        "502 in HTML": (instead("502 Bad Gateway", *HTML), 502),
        "503": (instead("503 Service Unavailable", b"", "Retry-After: 1"), 503),
        "504": (instead("504 Gateway Timeout"), 504),
        "599": (instead("599 Odd"), 599),
        "408": (instead("408 Request Timeout"), 408),
        "499": (instead("499 Client Closed Request"), 499),
    },
    "a redirect": {
        "301": (elsewhere("301 Moved Permanently"), 301),
        "302": (elsewhere("302 Found"), 302),
        "303": (elsewhere("303 See Other"), 303),
        "307": (elsewhere("307 Temporary Redirect"), 307),
        "308": (elsewhere("308 Permanent Redirect"), 308),
        "304": (instead("304 Not Modified"), 304),
    },
    "a success without an id": {
        "no id": (instead("201 Created", b'{"descricao": "Papel A4"}'), 201),
        "an empty id": (instead("201 Created", b'{"id": " "}'), 201),
        "null": (instead("201 Created", b'{"id": null}'), 201),
        "an object": (instead("201 Created", b'{"id": {"valor": 1}}'), 201),
        "a list": (instead("201 Created", b'[{"id": "1"}]'), 201),
        "a text": (instead("201 Created", b'"1f1c"'), 201),
        "HTML": (instead("200 OK", b"<html>Manuten\xc3\xa7\xc3\xa3o</html>", "Content-Type: text/html"), 200),
        "half of a JSON": (instead("201 Created", b'{"id": "1f'), 201),
        "nothing, created": (instead("201 Created"), 201),
        "nothing at all": (instead("204 No Content"), 204),
        "a protocol": (instead("202 Accepted", b'{"protocolId": "p", "status": "PENDING"}'), 202),
        "a refusal": (instead("200 OK", b'{"message": "Valor inv\xc3\xa1lido"}'), 200),
    },
}


@pytest.mark.parametrize("cases", ARRIVED.values(), ids=ARRIVED)
def test_it_arrived_and_nobody_could_tell(
    account: Account,
    edge: Edge,
    sandbox: Any,
    ana: Any,
    bruno: Any,
    monkeypatch: pytest.MonkeyPatch,
    cases: Cases,
) -> None:
    """It is never sent again, whatever the time; a look finds it and adopts it."""
    all_: Pair = []
    for name, (strike, status) in cases.items():
        monkeypatch.setattr(remote, "TIMEOUTS", IMPATIENT if name == "silence" else PATIENT)
        pair = one_of_each(account, ana=ana, bruno=bruno, number=f"NF {name}")
        all_ += pair
        for path in PATHS.values():
            edge.strike("POST", path, strike)
        post(account)
        assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2, name
        come_due(account)
        post(account)  # no blind resend
        check_books(account, sandbox, *all_)
        look(pair)
        assert states(pair) == [(State.POSTED, "")] * 2, name
        for posting in pair:
            assert (creates(posting), looks(posting)) == ([("unknown", status)], ["found"]), name
            assert told(posting) == ["intended", "attempted", "outcome", "unknown", "found"], name
    check_books(account, sandbox, *all_)


NEVER_CAME: Cases = {
    "reset": (at_the_edge.never_forwarded, None),
    "silence": (at_the_edge.silent_and_never_forwarded, None),
    "500": (instead("500 Internal Server Error", b'{"message": "Erro"}', applied=False), 500),
    "503 in HTML": (instead("503 Service Unavailable", *HTML, applied=False), 503),
    "302": (instead("302 Found", b"", "Location: https://login.example/", applied=False), 302),
    "no id": (instead("200 OK", b"{}", applied=False), 200),
}


def test_it_never_came_and_nobody_could_tell(
    account: Account,
    edge: Edge,
    sandbox: Any,
    settings: Any,
    ana: Any,
    bruno: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes out once more by itself, after the span; is that lost as well, a person is asked: never a third."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 0}  # as if enough of them had been seen
    before: Pair = []
    for name, (strike, status) in NEVER_CAME.items():
        monkeypatch.setattr(remote, "TIMEOUTS", IMPATIENT if name == "silence" else PATIENT)
        pair = one_of_each(account, ana=ana, bruno=bruno, number=f"NF {name}")
        for path in PATHS.values():
            edge.strike("POST", path, strike)
        post(account)
        for _ in range(2):
            look(pair)
            come_due(account)
            post(account)
        assert states(pair) == [(State.UNKNOWN, "may_have_arrived")] * 2, name
        check_books(account, sandbox, *before)
        for posting in pair:
            watched(posting, 11)
        look(pair)
        assert states(pair) == [(State.QUEUED, "surely_absent")] * 2, name
        for path in PATHS.values():
            edge.strike("POST", path, at_the_edge.never_forwarded)
        post(account)
        for posting in pair:
            watched(posting, 61)
        look(pair)
        assert states(pair) == [(State.UNDECIDED, "not_found")] * 2, name
        come_due(account)
        post(account)
        check_books(account, sandbox, *before)
        for posting in pair:
            mending.post_again(posting.pk, by=bruno)
        post(account)
        assert states(pair) == [(State.POSTED, "")] * 2, name
        before += pair
        check_books(account, sandbox, *before)
        for posting in pair:
            assert creates(posting) == [("unknown", status), ("unknown", None), ("posted", 201)], name
            assert looks(posting) == ["not_found"] * 4, name
            once, again = ["attempted", "outcome", "unknown"], ["queued_again", "attempted", "outcome"]
            assert told(posting) == ["intended", *once, *again, "unknown", "undecided", *again, "posted"], (
                name
            )


# --- What is made first ---------------------------------------------------------------------------------------------

MADE_FIRST = {"person": "/v1/pessoas", "cost_centre": "/v1/centro-de-custo"}
BUSY = instead("429 Too Many Requests", b"", "Retry-After: 40", applied=False)
REFUSES = instead("400 Bad Request", b'{"message": "Nome inv\xc3\xa1lido"}', applied=False)
UNCLEAR: dict[str, Strike] = {
    "lost": at_the_edge.lose_it,
    "cut": at_the_edge.cut_body,
    "502": instead("502 Bad Gateway", *HTML),
    "no id": instead("200 OK", b"{}"),
    "307": elsewhere("307 Temporary Redirect"),
}


@pytest.mark.parametrize("made", MADE_FIRST)
def test_a_vendor_customer_or_cost_centre_is_made_once_whatever_its_create_answers(
    account: Account, edge: Edge, sandbox: Any, ana: Any, bruno: Any, made: str
) -> None:
    """Each is another's: found by whoever comes next, since its own create could not tell."""
    company, pair = account.connection.company, []
    for kind in PATHS:
        for name, strike in UNCLEAR.items():
            new = f"{kind} {name}"
            centre = save_cost_centre(company, code=new[:20], name=f"Obra {new}")
            category = Category.objects.filter(company=company, kind=kind, active=True)[0]
            splits = [{"category": str(category.pk), "cost_centre": str(centre.pk), "amount": ""}]
            named = {"party_name": f"Vidraria {new}", "party_document": "", "splits": splits}
            posting = approved(company, ana=ana, bruno=bruno, kind=kind, document_number=new, **named)
            edge.strike("POST", MADE_FIRST[made], strike)
            post(account)
            assert states([posting]) == [(State.QUEUED, f"{made}_unknown")], new
            check_books(account, sandbox, *pair)
            come_due(account)
            post(account)
            pair.append(posting)
            assert states([posting]) == [(State.POSTED, "")], new
            check_books(account, sandbox, *pair)
            assert [one.outcome for one in posting.attempts.filter(kind=made)] == ["found"], new
    there = books(sandbox, company.document)
    for register, word in (("people", "Vidraria"), ("cost_centres", "Obra")):
        names = [one["nome"] for one in there[register] if one["nome"].startswith(word)]
        assert sorted(names) == sorted(f"{word} {kind} {name}" for kind in PATHS for name in UNCLEAR)


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("made", MADE_FIRST)
def test_a_vendor_customer_or_cost_centre_that_was_turned_away_is_made_later(
    account: Account, edge: Edge, sandbox: Any, ana: Any, bruno: Any, made: str, kind: str
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno, kind=kind)
    edge.strike("POST", MADE_FIRST[made], BUSY)
    post(account)
    assert states([posting]) == [(State.QUEUED, "too_many_requests")]
    come_due(account)
    edge.strike("POST", MADE_FIRST[made], REFUSES)
    post(account)
    come_due(account)
    post(account)
    assert states([posting]) == [(State.REFUSED, "refused")]
    assert "Nome inválido" in Posting.objects.get(pk=posting.pk).detail
    check_books(account, sandbox)
    mending.post_again(posting.pk, by=bruno)
    post(account)
    assert states([posting]) == [(State.POSTED, "")]
    check_books(account, sandbox, posting)
    outcomes = posting.attempts.filter(kind=made).values_list("outcome", "status")
    assert list(outcomes) == [("not_sent", 429), ("refused", 400), ("posted", 200)]
