"""Headers in many spellings; amounts, days and numbers as people and spreadsheets write them."""

from decimal import Decimal
from typing import Any

import pytest

from alcada.directory.sheets import with_zeros
from alcada.intake.sheets import words
from alcada.intake.sheets.columns import COLUMNS
from alcada.money import AmountError
from alcada.sales.sheets.columns import COLUMNS as DEALS
from alcada.sheets import values
from alcada.sheets.columns import Column, guess, signature
from alcada.sheets.values import CellError


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            [
                "FORNECEDOR",
                "Data de Vencimento",
                "Valor (R$)",
                "Nº NF",
                "Histórico",
                "Plano de Contas",
                "Obs.",
            ],
            ["party", "due", "amount", "document_number", "description", "category", "notes"],
        ),
        (
            ["Vendor", "Tax ID", "Due date", "Amount", "Cost center", "Payment method", "Account"],
            ["party", "document", "due", "amount", "cost_centre", "payment_method", "bank_account"],
        ),
        (
            ["Cliente", "CPF/CNPJ", "Vencto", "Vlr", "Competencia"],
            ["party", "document", "", "amount", "competence"],
        ),
        (["Fornecedro", "Vencimeto", "Descricão"], ["party", "due", "description"]),  # mistyped
        (["Valor", "Valor", "Total"], ["amount", "", "total"]),  # the same twice: the first
        (["Telefone", "Cidade", "", "Aprovado por"], ["", "", "", ""]),
    ],
)
def test_headers_are_guessed(headers: list[str], expected: list[str]) -> None:
    assert guess(headers, COLUMNS) == expected


@pytest.mark.parametrize("columns", [COLUMNS, DEALS], ids=["entries", "deals"])
def test_every_column_is_known_by_its_own_label_in_both_languages(columns: tuple[Column, ...]) -> None:
    from django.utils import translation

    for language in ("pt-br", "en"):
        with translation.override(language):
            labels = [str(column.label) for column in columns]
        assert guess(labels, columns) == [column.name for column in columns], language


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ["Deal name", "Account name", "Amount", "Close date", "Pipeline", "Deal stage", "Deal owner"],
            ["title", "party", "amount", "expected", "pipeline", "stage", "owner"],
        ),
        (
            ["Oportunidade", "Empresa", "Valor (R$)", "Data prevista", "Funil de vendas", "Fase", "Vendedor"],
            ["title", "party", "amount", "expected", "pipeline", "stage", "owner"],
        ),
        (
            ["Título", "Razão social", "CNPJ", "Condição de Pagamento", "Obs."],
            ["title", "party", "document", "terms", "notes"],
        ),
        (["Status", "Criado em", "Telefone"], ["", "", ""]),  # what is won elsewhere is not taken for a stage
    ],
)
def test_headers_of_deals_are_guessed(headers: list[str], expected: list[str]) -> None:
    assert guess(headers, DEALS) == expected


def test_a_set_of_headers_is_known_again_whatever_its_case_and_accents() -> None:
    assert signature(["Descrição", "VALOR"]) == signature(["descricao", "Valor"])
    assert signature(["Valor", "Descrição"]) != signature(["Descrição", "Valor"])


@pytest.mark.parametrize(
    ("cell", "decimal", "expected"),
    [
        ("1.234,56", "", "1234.56"),
        ("1,234.56", "", "1234.56"),
        ("1234.56", "", "1234.56"),
        ("R$ 1.234,5", "", "1234.50"),
        ("1.234", ",", "1234.00"),
        ("1.234.567", ",", "1234567.00"),
        ("1,234", ".", "1234.00"),
        ("1,5", ",", "1.50"),
        (1234.56, ",", "1234.56"),  # a spreadsheet's own number is in no doubt
        (1234, "", "1234.00"),
        (10.299999999999999, "", "10.30"),
        (0.1 + 0.2, "", "0.30"),
    ],
)
def test_amounts(cell: Any, decimal: str, expected: str) -> None:
    assert values.amount(cell, decimal) == Decimal(expected)


@pytest.mark.parametrize(
    ("cell", "decimal", "code"),
    [
        ("1.234", "", "ambiguous"),
        ("1,234", "", "ambiguous"),
        ("1,234", ",", "too_many_decimals"),
        ("12.34", ",", "not_a_number"),
        ("-10,00", "", "negative"),
        (-10.5, "", "negative"),
        (1.234, "", "too_many_decimals"),
        ("mil reais", "", "not_a_number"),
        ("2026-12-31", "", "not_a_number"),
        ("=1+1", "", "not_a_number"),
        (1e17, "", "too_large"),
    ],
)
def test_amounts_that_are_none(cell: Any, decimal: str, code: str) -> None:
    with pytest.raises(AmountError) as refused:
        values.amount(cell, decimal)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "cell", ["31/12/26", "31/12/2026", "2026-12-31", "31122026", "31.12.2026", 46387, "46387", 46387.5]
)
def test_days(cell: Any) -> None:
    assert values.day(cell).isoformat() == "2026-12-31"


@pytest.mark.parametrize("cell", ["12/31/2026", "31/02/2026", "amanhã", 12, 99999, "31/12/1926", 1.5])
def test_days_that_are_none(cell: Any) -> None:
    with pytest.raises(CellError) as refused:
        values.day(cell)
    assert refused.value.code == "no_day"


@pytest.mark.parametrize("cell", ["1,12223E+13", "1.12223E+13", "1E13"])
def test_a_number_that_a_spreadsheet_shortened_is_not_guessed(cell: str) -> None:
    with pytest.raises(CellError) as refused:
        values.number(cell)
    assert refused.value.code == "shortened"


@pytest.mark.parametrize("typed", ["191", "394460005888", "abc", "11222333000181", ""])
def test_zeros_are_not_made_up(typed: str) -> None:
    assert with_zeros(typed) == ""


def test_zeros_that_a_spreadsheet_took_are_known() -> None:
    assert with_zeros("394460005887") == "00394460005887"  # a ministry's CNPJ, two zeros short
    assert with_zeros("1234567890") == "01234567890"  # a CPF, one short


def test_words_of_both_languages() -> None:
    assert [words.kind(text) for text in ("A pagar", "Receivable", "DESPESA", "talvez")] == [
        "payable",
        "receivable",
        "payable",
        "",
    ]
    assert [words.method(text) for text in ("Boleto bancário", "TED", "cartão de crédito", "fiado")] == [
        "boleto",
        "transfer",
        "credit_card",
        "",
    ]
