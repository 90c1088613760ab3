"""What a search means: words by how they begin, numbers, documents, values and ranges."""

from decimal import Decimal

import pytest

from alcada.intake import searching


@pytest.mark.parametrize(
    ("typed", "has"),
    [
        ("São José", ["'sao':*", "'jose':*"]),
        ("1.234,56", ["'=123456'"]),
        ("1234.56", ["'=123456'"]),
        ("R$ 1.234,56", ["'=123456'"]),
        ("100", ["'100':*", "'=10000'", "'#100'"]),
        ("1.234", ["'=123400'"]),
        ("#12", ["'#12'"]),
        ("19.131.243/0001-97", ["'19131243000197':*"]),
        ("12.ABC.345/01DE-35", ["'12abc34501de35':*"]),
        ("NF-1001", ["'nf'&", "'1001':*", "'nf1001':*"]),
        ("000123", ["'123':*"]),
        ("Aurora Ltda", ["'aurora':*", "'ltda')"]),  # whole: it begins half of all names' last word
        ("Ltda", ["'ltda':*"]),
    ],
)
def test_what_a_piece_may_be(typed: str, has: list[str]) -> None:
    words = searching.read(typed).words
    for each in has:
        assert each in words


@pytest.mark.parametrize(
    ("typed", "least", "most"),
    [
        ("100..200", "100", "200"),
        ("R$ 100 .. R$ 200", "100", "200"),
        ("200..100", "100", "200"),
        ("100..", "100", None),
        ("..1.234,56", None, "1234.56"),
        ("1.000..2.000", "1000", "2000"),
    ],
)
def test_a_range_is_of_the_value(typed: str, least: str | None, most: str | None) -> None:
    found = searching.read(typed)
    assert found.words == ""
    assert found.least == (Decimal(least) if least else None)
    assert found.most == (Decimal(most) if most else None)


def test_a_range_goes_with_words() -> None:
    found = searching.read("papel 100..200")
    assert "'papel':*" in found.words
    assert (found.least, found.most) == (Decimal(100), Decimal(200))


def test_a_reference_is_the_postings_own() -> None:
    assert searching.read("alc-7f3k2q").reference == "ALC-7F3K2Q"


@pytest.mark.parametrize(
    "typed", ["'", "\\", "a'b:*|c", "()", "&|!", "\x00", "..", "'; drop", "%", "🧾", "a" * 9000]
)
def test_nothing_typed_is_an_error(typed: str) -> None:
    words = searching.read(typed).words
    assert words.count("'") % 2 == 0
    assert "\\" not in words
