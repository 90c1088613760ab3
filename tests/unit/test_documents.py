"""CPF, CNPJ with and without letters, and names that mean the same vendor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br.cnpj import calc_check_digits

from alcada.directory import documents
from alcada.directory.documents import DocumentError

CPF = "39053344705"
CNPJ = "16727230000197"
WITH_LETTERS = "12ABC34501DE35"  # the Receita Federal's own example


@pytest.mark.parametrize(
    ("text", "document", "kind"),
    [
        ("390.533.447-05", CPF, "cpf"),
        (" 390533447 05 ", CPF, "cpf"),
        ("16.727.230/0001-97", CNPJ, "cnpj"),
        ("16727230000197", CNPJ, "cnpj"),
        ("12.abc.345/01de-35", WITH_LETTERS, "cnpj"),
        ("12 . ABC . 345 / 01DE \u2013 35", WITH_LETTERS, "cnpj"),
    ],
)
def test_good_documents(text: str, document: str, kind: str) -> None:
    assert documents.check(text) == document
    assert documents.kind(text) == kind
    assert documents.is_valid(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" .-/ ", "empty"),
        ("1234567890", "length"),
        ("123456789012345", "length"),
        ("3905334470A", "characters"),
        ("12ABC34501DE3A", "characters"),
        ("12ÃBC34501DE35", "characters"),
        ("١٦٧٢٧٢٣٠٠٠٠١٩٧", "characters"),
        ("111.111.111-11", "repeated"),
        ("00.000.000/0000-00", "repeated"),
        ("390.533.447-06", "check_digits"),
        ("16.727.230/0001-98", "check_digits"),
        ("12.ABC.345/01DE-36", "check_digits"),
    ],
)
def test_bad_documents_say_why_and_keep_the_number_to_themselves(text: str, code: str) -> None:
    with pytest.raises(DocumentError) as refused:
        documents.check(text)
    assert refused.value.code == code
    assert str(refused.value) == code
    assert not documents.is_valid(text)


@given(st.from_regex(r"[0-9A-Z]{12}", fullmatch=True))
def test_any_first_twelve_places_with_their_check_digits_are_taken(first: str) -> None:
    document = first + calc_check_digits(first)
    if len(set(document)) > 1 and not document.startswith("0" * 12):
        assert documents.check(documents.format(document)) == document


@given(st.text(max_size=30))
def test_any_text_is_a_document_or_refused(text: str) -> None:
    assert documents.normalise(documents.normalise(text)) == documents.normalise(text)
    if documents.is_valid(text):
        assert len(documents.check(text)) in (11, 14)


@pytest.mark.parametrize(
    ("document", "shown", "masked"),
    [
        (CPF, "390.533.447-05", "***.533.447-**"),
        (CNPJ, "16.727.230/0001-97", "16.***.***/0001-**"),
        (WITH_LETTERS, "12.ABC.345/01DE-35", "12.***.***/01DE-**"),
        ("123", "123", "***"),
        ("", "", ""),
    ],
)
def test_what_is_shown(document: str, shown: str, masked: str) -> None:
    assert documents.format(document) == shown
    assert documents.mask(document) == masked


def test_the_root_is_the_company_whichever_its_branch() -> None:
    assert documents.cnpj_root("16.727.230/0001-97") == "16727230"
    assert documents.cnpj_root(WITH_LETTERS) == "12ABC345"
    with pytest.raises(DocumentError, match="not_a_cnpj"):
        documents.cnpj_root(CPF)


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("vendor 16.727.230/0001-97 refused", "vendor [CNPJ] refused"),
        ("vendor 16727230000197, 390.533.447-05.", "vendor [CNPJ], [CPF]."),
        ("GET /v1/pessoas?documentos=39053344705&x=1", "GET /v1/pessoas?documentos=[CPF]&x=1"),
        ("GET /p/16.727.230%2F0001-97/", "GET /p/[CNPJ]/"),
        ("q=%2F16727230000197", "q=%2F[CNPJ]"),
        ("a typo 390.533.447-06 too", "a typo [CPF] too"),
        ("12.abc.345/01de-99 and 12ABC34501DE35", "[CNPJ] and [CNPJ]"),
        ("key 35180834128745000152550010000474281920007498", "key [NF-e]"),
        ("transactions12 ALC-7F3K2Q abcdefgh/2026-11", "transactions12 ALC-7F3K2Q abcdefgh/2026-11"),
        ("id 550e8400-e29b-41d4-a716-446655440000", "id 550e8400-e29b-41d4-a716-446655440000"),
        (
            "at 2026-11-05T10:00:00.123456 took 1764547200123456",
            "at 2026-11-05T10:00:00.123456 took 1764547200123456",
        ),
    ],
)
def test_logs_hold_no_document(line: str, clean: str) -> None:
    assert documents.redact(line) == clean


@given(st.text(max_size=40), st.sampled_from([CPF, CNPJ, WITH_LETTERS]), st.booleans(), st.text(max_size=40))
def test_no_document_gets_past_whatever_stands_around_it(
    before: str, document: str, punctuated: bool, after: str
) -> None:
    shown = documents.format(document) if punctuated else document
    assert shown not in documents.redact(f"{before} {shown} {after}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Padaria São José Ltda. - ME", "PADARIA SAO JOSE LIMITADA"),
        ("Aurora Papelaria S/A", "Aurora  Papelaria S.A."),
        ("Aurora Papelaria S A", "aurora papelaria sa"),
        ("Aurora Papelaria Sociedade Anônima", "Aurora Papelaria SA"),
        ("Luz & Força Ltda EPP", "Luz e Forca L.T.D.A."),
        ("Oficina do Zé EIRELI ME", "Oficina do Ze Ltda"),
        ("Companhia das Águas", "Cia. das Aguas"),
        ("J. C. Silva M.E.", "JC Silva"),
        ("Sant'Ana Flores", "Santana Flores"),
    ],
)
def test_names_of_one_vendor(one: str, other: str) -> None:
    assert documents.normalise_name(one) == documents.normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Horizonte Ltda", "Horizonte S/A"),
        ("Horizonte Ltda", "Horizonte"),
        ("Horizonte 1", "Horizonte 2"),
        ("ME", "EPP"),
        ("Me Importo Doces", "Importo Doces"),
    ],
)
def test_names_of_two(one: str, other: str) -> None:
    assert documents.normalise_name(one) != documents.normalise_name(other)


@given(st.text(max_size=60))
def test_normalising_a_name_twice_changes_nothing(name: str) -> None:
    once = documents.normalise_name(name)
    assert documents.normalise_name(once) == once
