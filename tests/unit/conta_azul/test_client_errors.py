"""Each answer's error, and every known error body's sentence."""

import datetime as dt
import json
import pickle
from typing import Any

import httpx
import pytest
from client_cast import EVENT, an_entry, answering, failing, said

from conta_azul import (
    Conflict,
    ContaAzulError,
    ErpLoginNeeded,
    MayHaveArrived,
    NotAuthorised,
    NotFound,
    NotSent,
    PlanNotAllowed,
    Refused,
    TooManyRequests,
    Unreadable,
    outcome,
    sentences,
)
from conta_azul.calls import entries, instalments

CREATE = entries.create_payable(an_entry())
READ = instalments.get(EVENT)


def error_of(response: httpx.Response, call: Any = CREATE) -> ContaAzulError:
    with answering(response) as client, pytest.raises(ContaAzulError) as caught:
        client.send(call)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, NotAuthorised),
        (402, Refused),
        (403, Refused),
        (404, NotFound),
        (405, Refused),
        (408, MayHaveArrived),
        (409, Conflict),
        (413, Refused),
        (422, Refused),
        (429, TooManyRequests),
        (460, MayHaveArrived),
        (499, MayHaveArrived),
        (300, MayHaveArrived),
        (304, MayHaveArrived),
        (500, MayHaveArrived),
        (501, MayHaveArrived),
        (502, MayHaveArrived),
        (503, MayHaveArrived),
        (504, MayHaveArrived),
        (599, MayHaveArrived),
    ],
)
@pytest.mark.parametrize("call", [CREATE, READ], ids=["write", "read"])
def test_each_status_has_its_kind(status: int, kind: type[ContaAzulError], call: Any) -> None:
    error = error_of(httpx.Response(status), call)
    assert type(error) is kind
    assert (error.status, error.call, error.body) == (status, call.name, "")
    assert error.sentence
    assert str(error) == f"{error.sentence} [{call.name}, HTTP {status}]"


def test_a_redirect_is_not_followed() -> None:
    seen: list[httpx.Request] = []
    elsewhere = httpx.Response(307, headers={"location": "https://elsewhere.test/"})
    with answering(elsewhere, seen=seen) as client, pytest.raises(MayHaveArrived):
        client.send(CREATE)
    assert len(seen) == 1


BEFORE_ANYTHING_LEFT = [
    httpx.ConnectError("[Errno -2] Name or service not known"),
    httpx.ConnectTimeout("timed out"),
    httpx.PoolTimeout("no connection free"),
    httpx.ProxyError("407 Proxy Authentication Required"),
    httpx.UnsupportedProtocol("ftp"),
    httpx.InvalidURL("URL too long"),
]
AFTERWARDS_PERHAPS = [
    httpx.ReadTimeout("timed out"),
    httpx.WriteTimeout("timed out"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken pipe"),
    httpx.CloseError("closed"),
    httpx.NetworkError("?"),
    httpx.TransportError("?"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.LocalProtocolError("?"),
    httpx.DecodingError("bad gzip"),
    httpx.TooManyRedirects("?"),
    httpx.HTTPError("?"),
    httpx.StreamClosed(),
    ConnectionResetError("reset"),
    OSError("?"),
]


@pytest.mark.parametrize("exc", BEFORE_ANYTHING_LEFT, ids=lambda exc: type(exc).__name__)
def test_failures_before_anything_left(exc: Exception) -> None:
    with failing(exc) as client, pytest.raises(NotSent) as caught:
        client.send(CREATE)
    assert caught.value.__cause__ is exc
    assert caught.value.status is None


@pytest.mark.parametrize("exc", AFTERWARDS_PERHAPS, ids=lambda exc: type(exc).__name__)
def test_failures_after_something_may_have_left(exc: Exception) -> None:
    with failing(exc) as client, pytest.raises(MayHaveArrived, match="may have arrived") as caught:
        client.send(CREATE)
    assert caught.value.__cause__ is exc


def test_every_failure_of_httpx_is_one_or_the_other() -> None:
    """A new kind of failure must be thought about; until then it may have arrived."""
    kinds = {
        each
        for each in vars(httpx).values()
        if isinstance(each, type) and issubclass(each, httpx.RequestError)
    }
    bases = {httpx.RequestError, httpx.TimeoutException, httpx.ProtocolError}
    tried = {type(each) for each in BEFORE_ANYTHING_LEFT + AFTERWARDS_PERHAPS}
    assert kinds - bases <= tried


def test_an_address_too_long_is_never_sent() -> None:
    long = entries.search_payables(dt.date(2026, 1, 1), dt.date(2026, 1, 2), description="x" * 70_000)
    with answering(said({})) as client, pytest.raises(NotSent):
        client.send(long.page(1))


HTML = (
    "<html><head><title>502</title><style>p{}</style></head>"
    "<body><h1>Bad&nbsp;Gateway</h1><script>x()</script></body></html>"
)
BODIES: list[tuple[Any, str]] = [
    ({"code": 400, "message": "A data é inválida."}, "A data é inválida."),
    (
        {
            "timestamp": "2026",
            "status": 400,
            "error": "Bad Request",
            "message": "rateio: Deve possuir",
            "path": "/v1",
        },
        "rateio: Deve possuir",
    ),
    (
        {"timestamp": "2026", "status": 400, "error": "Bad Request", "message": "", "path": "/v1"},
        "Bad Request",
    ),
    ({"error": "arquivo ausente"}, "arquivo ausente"),
    (
        {"descricao_erro": "A conta não está elegível", "status_conta": "END_TRIAL"},
        "A conta não está elegível",
    ),
    ({"error": "invalid_grant", "error_description": "Já usado"}, "Já usado"),
    (
        {"message": "Unexpected character ('<' (code 60)): <html><h1>Internal Server Error</h1></html>"},
        "Unexpected character ('<' (code 60)): Internal Server Error",
    ),
    ("", ""),
    ("404 page not found", "404 page not found"),
    (HTML, "502 Bad Gateway"),
    ({"errors": [{"message": "a"}, {"message": "b"}, "c"]}, "a; b; c"),
    (["a", "b"], "a; b"),
    ({"error": {"message": "inner"}}, "inner"),
    ({"outro": 1}, ""),
    (None, ""),
    (7, ""),
]


@pytest.mark.parametrize(("body", "sentence"), BODIES, ids=lambda each: str(each)[:40])
def test_every_known_body_has_its_sentence(body: Any, sentence: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = error_of(httpx.Response(400, text=text))
    assert sentences.from_body(text) == sentence
    assert error.sentence == f"Conta Azul refused: {sentence or 'it gave no reason'}"
    assert error.body == text


@pytest.mark.parametrize("status", [302, 400, 401, 403, 408, 409, 429, 500, 503])
@pytest.mark.parametrize("call", [CREATE, READ])
def test_their_own_words_can_be_told_from_ours(status: int, call: Any) -> None:
    error = error_of(said({"message": "Conta inativa. Fale conosco"}, status), call)
    told = sentences.taken_apart(error.sentence)
    assert told is not None
    assert told == sentences.taken_apart(str(error))
    assert (told.words, told.cause) == ("" if status in (302, 429) else "Conta inativa. Fale conosco", "")
    silent = sentences.taken_apart(error_of(httpx.Response(status), call).sentence)
    assert silent is not None
    assert (silent.opening, silent.words) == (told.opening, "")


@pytest.mark.parametrize("call", [CREATE, READ])
def test_what_went_wrong_on_the_way_can_be_told_too(call: Any) -> None:
    for failure in (httpx.ReadError("cut (off)"), httpx.ConnectError("cut (off)")):
        with failing(failure) as client, pytest.raises(ContaAzulError) as caught:
            client.send(call)
        told = sentences.taken_apart(caught.value.sentence)
        assert told is not None
        assert (told.words, told.cause) == ("", "cut (off)")
    assert sentences.taken_apart("Pago em dinheiro") is None


def test_a_sentence_does_not_go_on_for_ever() -> None:
    error = error_of(said({"message": "palavra " * 10_000}, 400))
    assert len(error.sentence) < 400
    assert error.sentence.endswith("…")
    assert error_of(httpx.Response(500, content=b"[" * 200_000 + b"\xff")).sentence


@pytest.mark.parametrize(
    "private",
    [
        "123.456.789-00",
        "12345678900",
        "123 456 789 00",
        "12.345.678/0001-90",
        "12345678000190",
        "12.ABC.345/01DE-35",
        "12ABC34501DE35",
        "12abc34501de35",
        "23793.38128 60082.677135 69000.063305 9 84340000023000",
        "4111 1111 1111 1111",
        "ana@example.com",
        "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2ln",
        "Bearer abc.def",
    ],
)
@pytest.mark.parametrize(
    "around", ["documento {} inválido", "{}", "O valor '{}' já existe.", "cnpj={},x", "({})"]
)
def test_documents_tokens_and_the_like_are_masked(private: str, around: str) -> None:
    error = error_of(said({"message": around.format(private)}, 400))
    assert private not in str(error)
    assert "***" in error.sentence
    assert error.body is not None
    assert private in error.body


def test_bank_details_are_masked() -> None:
    sentence = sentences.quotable("Agência 1234-5, conta corrente: 98.765-X do titular")
    assert sentence == "Agência ***, conta corrente: *** do titular"


@pytest.mark.parametrize(
    "harmless",
    [
        f"A conta financeira de id {EVENT} não existe.",
        "id 00000000-0000-1000-8000-012345678901",
        "valor 1500.00 de 2026-12-10 a 10/12/2026 às 2026-12-10T12:00:00",
        "competenceDate, paymentCondition.installments",
        "ALC-7F3K2Q",
    ],
)
def test_what_helps_to_understand_is_not(harmless: str) -> None:
    assert sentences.quotable(harmless) == harmless


def test_the_plan_gate_stands_before_every_path() -> None:
    error = error_of(
        said({"descricao_erro": "A conta não está elegível", "status_conta": "END_TRIAL"}, 403), READ
    )
    assert isinstance(error, PlanNotAllowed)
    assert error.account_status == "END_TRIAL"
    assert "elegível" in str(error)
    assert not isinstance(error_of(said({"message": "Forbidden"}, 403)), PlanNotAllowed)
    blocked = error_of(said({"status_conta": "BLOQUEADA"}, 403))
    assert isinstance(blocked, PlanNotAllowed)
    assert "BLOQUEADA" in blocked.sentence


def test_the_wrong_login_is_told_apart_from_an_expired_token() -> None:
    expired = error_of(said({"code": 401, "message": "The Token has expired."}, 401))
    wrong = error_of(said({"message": "Por favor, utilize o usuário e senha do ERP e tente novamente"}, 401))
    assert (type(expired), type(wrong)) == (NotAuthorised, ErpLoginNeeded)


NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("Tue, 24 Nov 2036 12:00:00 GMT", None),
        ("Tue, 99 Nov 2026", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert outcome.read_retry_after(header, now=NOW) == seconds


@pytest.mark.parametrize("body", ["", "<html>", '{"x": 1}', '{"message": "Too many"}'])
def test_a_limit_reached(body: str) -> None:
    error = error_of(httpx.Response(429, text=body, headers={"Retry-After": "7"}))
    assert isinstance(error, TooManyRequests)
    assert error.retry_after == 7.0
    bare = error_of(httpx.Response(429, text=body))
    assert isinstance(bare, TooManyRequests)
    assert bare.retry_after is None


def test_a_lost_read_changed_nothing_and_says_so() -> None:
    assert "Nothing was changed" in error_of(httpx.Response(500), READ).sentence
    assert "may have arrived" in error_of(httpx.Response(500), CREATE).sentence
    assert isinstance(error_of(httpx.Response(200, text="x"), READ), Unreadable)


def test_errors_survive_a_process_boundary() -> None:
    error = error_of(httpx.Response(429, headers={"Retry-After": "7"}))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (str(copy), copy.retry_after, copy.status) == (str(error), 7.0, 429)
