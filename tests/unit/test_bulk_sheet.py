"""A file's bytes as rows, a row as what it asks for, and everything that can be wrong with either."""

import pytest

from alcada.connections.bulk import columns, lines, sheet
from alcada.connections.bulk.lines import AccountLine, Line, MappingLine, RuleLine
from alcada.connections.bulk.sheet import Row, SheetError

CNPJ = "11.222.333/0001-81"


def rows(text: str, encoding: str = "utf-8") -> list[Row]:
    return sheet.read(text.encode(encoding)).rows


def line(**cells: str) -> Line:
    return lines.read(Row(2, {name: cells.get(name, "") for name in columns.COLUMNS}))


def codes(found: Line) -> list[tuple[str, str]]:
    return [(problem.code, problem.column) for problem in found.problems]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_reads_what_spreadsheets_write(delimiter: str, encoding: str) -> None:
    text = "CNPJ;Empresa;Responsável\r\n11222333000181;Padaria São João;Márcia\r\n".replace(";", delimiter)
    (row,) = rows(text, encoding)
    expected = {"document": "11222333000181", "company": "Padaria São João", "owner_name": "Márcia"}
    assert row == Row(2, expected)


def test_headers_go_by_either_language_in_any_order_and_case() -> None:
    for portuguese, english, *_more in columns.COLUMNS.values():
        assert columns.column_of(portuguese.upper()) == columns.column_of(f" {english} ") != ""
    assert rows("COMPANY,cnpj\nA,1\n")[0].cells == {"company": "A", "document": "1"}


def test_a_cell_may_hold_delimiters_and_ends_of_line_and_lines_keep_their_numbers() -> None:
    found = rows('cnpj;empresa\n\n1;"Um; dois\nlinhas"\n;;\n2;Outra\n')
    assert [(row.number, row.cells["company"]) for row in found] == [(3, "Um; dois linhas"), (6, "Outra")]


def test_columns_that_mean_nothing_are_named_and_not_read() -> None:
    found = sheet.read(b"cnpj;telefone;aprovadore\n1;2;3\n")
    assert (found.unread, found.rows[0].cells) == (["telefone", "aprovadore"], {"document": "1"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"PK\x03\x04\x14\x00", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
        (b"cnpj;empresa\n1;\x00\n", "not_text"),
        (b"\x89PNG\r\n\x1a\n\xff\x01", "not_text"),
        (b"cnpj;empresa\n", "no_lines"),
        (b"nome;valor\nA;1\n", "no_header"),
        (b"empresa;conta\nA;B\n", "no_document"),
        (b"cnpj;empresa;CNPJ\n1;2;3\n", "twice"),
        (b'cnpj;empresa\n1;"nao termina\n', "broken"),
        (b'cnpj;empresa\n1;"a"b\n', "broken"),
        (b"cnpj;empresa\n1;" + b"x" * 200_000 + b"\n", "broken"),
        (b"cnpj\n" + b"1\n" * (sheet.MOST_LINES + 1), "too_many_lines"),
        (b"x" * (sheet.MOST_BYTES + 1), "too_large"),
    ],
)
def test_a_file_that_cant_be_read_says_why(data: bytes, code: str) -> None:
    with pytest.raises(SheetError) as refused:
        sheet.read(data)
    assert refused.value.code == code


def test_an_account_line() -> None:
    found = line(
        what="Conta",
        document=CNPJ,
        company="Padaria Aurora Ltda",
        account="Matriz",
        owner_name="Marta",
        owner_email="MARTA@exemplo.com.br",
        requesters="ana@exemplo.com.br, Bia Reis <bia@exemplo.com.br>",
        approvers="caio@exemplo.com.br dora@exemplo.com.br",
        payable_category="Aluguel",
    )
    assert not found.problems
    assert isinstance(found.asks, AccountLine)
    assert (found.document, found.asks.owner_email) == ("11222333000181", "marta@exemplo.com.br")
    assert [(who.email, who.name, who.role) for who in found.asks.people] == [
        ("ana@exemplo.com.br", "ana", "requester"),
        ("bia@exemplo.com.br", "Bia Reis", "requester"),
        ("caio@exemplo.com.br", "caio", "approver"),
        ("dora@exemplo.com.br", "dora", "approver"),
    ]
    assert found.asks.usual == {"payable_category": "Aluguel"}
    assert isinstance(line(document=CNPJ).asks, AccountLine)  # what a line is, if it doesn't say


def test_a_rule_line() -> None:
    found = line(what="rule", document=CNPJ, order="10", kind="A pagar", over="R$ 5.000,00", vendor=CNPJ)
    assert isinstance(found.asks, RuleLine)
    assert (found.asks.order, found.asks.name, found.asks.content["over"]) == (10, "Regra 10", "5000.00")
    assert (found.asks.content["kind"], found.asks.content["vendor"]) == ("payable", "11222333000181")
    default = line(what="regra", document=CNPJ, order="Padrão", account="Matriz").asks
    assert isinstance(default, RuleLine)
    assert default.order == 0


def test_a_mapping_line() -> None:
    found = line(what="de-para", document=CNPJ, register="Centro de custo", here="Loja", there="Loja 1").asks
    assert found == MappingLine("cost_centre", "Loja", "Loja 1")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"what": "cliente"}, ("unknown_what", "what")),
        ({"document": ""}, ("missing", "document")),
        ({"document": "11.222.333/0001-82"}, ("document_check_digits", "document")),
        ({"document": "1222333000181"}, ("document_length", "document")),
        ({"document": "1,12223E+13"}, ("document_as_number", "document")),
        ({"document": "🥐"}, ("document_empty", "document")),
        ({"company": "x" * 500}, ("too_long", "company")),
        ({"company": '=HYPERLINK("http://x")'}, ("formula", "company")),
        ({"company": "@SUM(A1)"}, ("formula", "company")),
        ({"account": "+55 11"}, ("formula", "account")),
        ({"account": "-1+1"}, ("formula", "account")),
        ({"company": "🥐🥐"}, ("only_signs", "company")),
        ({"company": "Padaria \ufffd"}, ("unreadable", "company")),
        ({"company": "Padaria \x07"}, ("unreadable", "company")),
        ({"owner_email": "marta"}, ("email", "owner_email")),
        ({"approvers": "ana@exemplo.com.br, bruno@"}, ("email", "approvers")),
        ({"what": "regra", "order": "dez", "over": "1,00"}, ("order", "order")),
        ({"what": "regra", "order": "0", "over": "1,00"}, ("order", "order")),
        ({"what": "regra", "order": "10"}, ("no_conditions", "order")),
        ({"what": "regra", "order": "padrão", "over": "1,00"}, ("default_with_conditions", "order")),
        ({"what": "regra", "order": "1", "over": "1.234"}, ("amount_ambiguous", "over")),
        ({"what": "regra", "order": "1", "over": "=1+1"}, ("amount_not_a_number", "over")),
        ({"what": "regra", "order": "1", "over": "9,00", "up_to": "9,00"}, ("empty_span", "up_to")),
        ({"what": "regra", "order": "1", "kind": "talvez"}, ("unknown_word", "kind")),
        (
            {"what": "regra", "order": "1", "over": "1,00", "account": "A", "refusal": "Não"},
            ("account_and_refusal", "refusal"),
        ),
        ({"what": "de-para", "here": "A", "there": "B"}, ("missing", "register")),
        ({"what": "de-para", "register": "conta financeira", "there": "B"}, ("missing", "here")),
    ],
)
def test_what_is_wrong_with_a_line_is_said_beside_its_column(
    cells: dict[str, str], problem: tuple[str, str]
) -> None:
    found = line(**{"document": CNPJ, **cells})
    assert problem in codes(found)
    assert found.asks is None


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = line(document="1", company="=1", owner_email="x")
    assert [column for _code, column in codes(found)] == ["document", "company", "owner_email"]


def test_a_name_may_have_an_emoji_beside_letters() -> None:
    assert not line(document=CNPJ, company="Padaria Aurora 🥐").problems


@pytest.mark.parametrize("language", ["pt-br", "en"])
def test_the_template_is_a_file_that_is_understood(language: str) -> None:
    header, examples = columns.template(language)
    text = "\r\n".join(";".join(cells) for cells in [header, *examples])
    found = sheet.read(text.encode("utf-8-sig"))
    assert found.unread == []
    read = [lines.read(row) for row in found.rows]
    assert [one.problems for one in read] == [[], [], [], []]
    assert [one.what for one in read] == ["account", "rule", "rule", "mapping"]
