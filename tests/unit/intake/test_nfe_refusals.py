"""Files that are no bill, are not to be trusted, or were made to do harm."""

import io
import re
import time
import tracemalloc
from collections.abc import Iterator
from importlib import resources

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from alcada.intake.nfe import MAX_BYTES, key_digit, read_limited, read_nfe
from alcada.intake.nfe_bill import NfeBill, NfeError

NOTE = (resources.files("alcada.config") / "samples" / "nfe-papelaria.xml").read_text("utf-8")
KEY = "35261199712345000135550010000048211273615484"
NFE = 'xmlns="http://www.portalfiscal.inf.br/nfe"'


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def changed(*pairs: tuple[str, str]) -> bytes:
    """The sample with texts replaced, each of which it has."""
    text = NOTE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def rekeyed(key: str, *pairs: tuple[str, str]) -> bytes:
    """The sample under another key, whose last place is worked out."""
    return changed((KEY, key[:43] + key_digit(key)), *pairs)


def between(start: str, end: str) -> str:
    """The sample's text from `start` to `end`, both included."""
    begin = NOTE.index(start)
    return NOTE[begin : NOTE.index(end, begin) + len(end)]


def bare() -> bytes:
    return between("<NFe>", "</NFe>").replace("<NFe>", f"<NFe {NFE}>").encode()


def refusal(data: bytes) -> NfeError:
    with pytest.raises(NfeError) as refused:
        read_nfe(data)
    assert refused.value.message.endswith(".")
    assert "%(" not in refused.value.message
    return refused.value


def codes(bill: NfeBill) -> list[str]:
    return [warning.code for warning in bill.warnings]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"%PDF-1.7", "pdf"),
        (b"PK\x03\x04", "archive"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (b"\x89PNG\r\n\x1a\n", "not_xml"),
        (b"NFe;1234;100,00", "not_xml"),
        (b'<cteProc xmlns="http://www.portalfiscal.inf.br/cte" versao="4.00"/>', "cte"),
        (b'<mdfeProc xmlns="http://www.portalfiscal.inf.br/mdfe"/>', "mdfe"),
        (b'<nfcomProc xmlns="http://www.portalfiscal.inf.br/nfcom"/>', "nfcom"),
        (b'<nf3eProc xmlns="http://www.portalfiscal.inf.br/nf3e"/>', "nf3e"),
        (b'<NFSe xmlns="http://www.sped.fazenda.gov.br/nfse"/>', "nfse"),
        (b'<CompNfse xmlns="http://www.abrasf.org.br/nfse.xsd"/>', "nfse"),
        (b"<ConsultarNfseResposta/>", "nfse"),
        (b'<RetornoConsulta xmlns="http://www.prefeitura.sp.gov.br/nfe"/>', "nfse"),
        (b"<CFe/>", "cfe"),
        (f"<resNFe {NFE}/>".encode(), "summary"),
        (f"<enviNFe {NFE}/>".encode(), "batch"),
        (f"<ProcInutNFe {NFE}/>".encode(), "voided_numbers"),
        (f"<procCancNFe {NFE}/>".encode(), "cancellation"),
        (
            f"<procEventoNFe {NFE}><evento><tpEvento>110111</tpEvento></evento></procEventoNFe>".encode(),
            "cancellation",
        ),
        (
            f"<procEventoNFe {NFE}><evento><tpEvento>110110</tpEvento></evento></procEventoNFe>".encode(),
            "event",
        ),
        (f"<consSitNFe {NFE}/>".encode(), "not_nfe"),
        (b"<soap/>", "not_nfe"),
        (b"<nfeProc/>", "namespace"),
        (f"<nfeProc {NFE}/>".encode(), "namespace"),
    ],
)
def test_other_files_are_named(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_the_sentences_say_what_it_is() -> None:
    cte = refusal(b'<cteProc xmlns="http://www.portalfiscal.inf.br/cte"/>')
    assert cte.message.startswith("This file is a CT-e (freight document), not an NF-e.")
    assert refusal(b"<soap/>").message == "This XML is not an NF-e: it begins with “soap”."
    assert refusal(changed(('versao="4.00"', 'versao="3.10"'))).message.startswith(
        "This NF-e is in layout 3.10."
    )


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([('versao="4.00" Id', 'versao="3.10" Id')], "version"),
        ([("<tpAmb>1</tpAmb>\n    <finNFe>", "<tpAmb>2</tpAmb>\n    <finNFe>")], "homologation"),
        ([("<tpAmb>1</tpAmb>\n   <verAplic>", "<tpAmb>2</tpAmb>\n   <verAplic>")], "homologation"),
        ([("<mod>55</mod>", "<mod>65</mod>")], "nfce"),
        ([("<finNFe>1<", "<finNFe>3<")], "adjustment"),
        ([("<finNFe>1<", "<finNFe>4<")], "return_note"),
        ([("<finNFe>1<", "<finNFe>5<")], "credit_note"),
        ([("<finNFe>1<", "<finNFe>9<")], "layout"),
        ([("<finNFe>1</finNFe>", "")], "missing"),
        ([("<tpNF>1<", "<tpNF>0<")], "entry_note"),
        ([("<cStat>100<", "<cStat>101<")], "cancelled"),
        ([("<cStat>100<", "<cStat>302<")], "denied"),
        ([("<cStat>100<", "<cStat>539<")], "not_authorised"),
        ([("<cStat>100</cStat>", "")], "missing"),
        ([(f"<chNFe>{KEY}", "<chNFe>35180834128745000152550010000474281920007498")], "protocol_key"),
        ([(KEY, KEY[:-1] + "5")], "key_digit"),
        ([(KEY, KEY[:-1])], "key_shape"),
        ([("<CNPJ>99712345000135<", "<CNPJ>16727230000197<")], "key_issuer"),
        ([("<CNPJ>99712345000135<", "<CNPJ>99712345000136<")], "issuer_document"),
        ([("<nNF>4821<", "<nNF>4822<")], "key_content"),
        ([("<serie>1<", "<serie>2<")], "key_content"),
        ([("2026-11-05T10:14:32-03:00", "2026-10-05T10:14:32-03:00")], "key_content"),
        ([("2026-11-05T10:14:32-03:00", "2026-11-05T10:14:32")], "bad_field"),
        ([("2026-11-05T10:14:32-03:00", "0001-01-01T00:00:00+14:00")], "bad_field"),
        ([("<dVenc>2026-12-07<", "<dVenc>2026-02-30<")], "bad_field"),
        ([("<vNF>2350.00<", "<vNF>-2350.00<")], "bad_field"),
        ([("<vNF>2350.00<", "<vNF>2350,00<")], "bad_field"),
        ([("<vNF>2350.00<", "<vNF>1e3<")], "bad_field"),
        ([("<vNF>2350.00<", "<vNF>٢<")], "bad_field"),
        ([("<vNF>2350.00</vNF>", "")], "missing"),
        ([("<vNF>2350.00</vNF>", "<vNF>2350.00</vNF><vNF>9.00</vNF>")], "layout"),
        ([("<total>", "<det/>" * 1000 + "<total>")], "layout"),
        ([("</NFe>", "</NFe><NFe><infNFe/></NFe>")], "batch"),
        ([(NFE, "")], "namespace"),
        ([("<NFe>", '<NFe xmlns="http://www.portalfiscal.inf.br/cte">')], "namespace"),
    ],
)
def test_notes_that_are_no_bill_or_not_to_be_trusted(pairs: list[tuple[str, str]], code: str) -> None:
    assert refusal(changed(*pairs)).code == code


def test_a_bare_note_is_taken_with_a_warning() -> None:
    bill = read_nfe(bare())
    assert not bill.authorised
    assert (bill.access_key, codes(bill)) == (KEY, ["not_proven"])
    assert read_nfe(NOTE.encode()).protocol == "135260000048213"


def test_instalments_missing_or_without_a_date() -> None:
    assert codes(read_nfe(changed((between("<cobr>", "</cobr>"), "")))) == ["no_due_date"]
    bill = read_nfe(changed(("<dVenc>2026-12-22</dVenc>", "")))
    assert [(warning.code, warning.context) for warning in bill.warnings] == [
        ("no_due_date", {"number": "002"})
    ]


def test_kinds_of_note_that_a_person_should_look_at() -> None:
    assert codes(read_nfe(changed(("<finNFe>1<", "<finNFe>2<")))) == ["complementary"]
    assert codes(read_nfe(changed(("<finNFe>1<", "<finNFe>6<")))) == ["debit_note"]
    assert codes(read_nfe(changed(("</ICMSTot>", "</ICMSTot><vNFTot>2400.00</vNFTot>")))) == [
        "total_with_new_taxes"
    ]


def test_an_issuer_whose_cnpj_has_letters() -> None:
    key = KEY[:6] + "12ABC34501DE35" + KEY[20:]
    bill = read_nfe(rekeyed(key, ("<CNPJ>99712345000135<", "<CNPJ>12ABC34501DE35<")))
    assert bill.issuer.document == "12ABC34501DE35"


def test_a_note_written_at_the_tax_office_has_its_cnpj_in_the_key() -> None:
    key = KEY[:6] + "16727230000197" + KEY[20:22] + "890" + KEY[25:]
    office = "<avulsa><CNPJ>16727230000197</CNPJ></avulsa><dest>"
    assert read_nfe(rekeyed(key, ("<serie>1<", "<serie>890<"), ("<dest>", office))).series == 890
    assert refusal(rekeyed(key, ("<serie>1<", "<serie>890<"))).code == "key_issuer"


def test_the_day_of_issue_is_the_day_in_sao_paulo() -> None:
    bill = read_nfe(changed(("2026-11-05T10:14:32-03:00", "2026-11-06T01:00:00+00:00")))
    assert bill.issue_date.isoformat() == "2026-11-05"


def test_several_ways_to_pay_leave_the_choice_to_a_person() -> None:
    cash = "<detPag><tPag>01</tPag><vPag>1.00</vPag></detPag></pag>"
    bill = read_nfe(changed(("</pag>", cash)))
    assert ([payment.method for payment in bill.payments], bill.payment_method) == (["boleto", "cash"], "")


def test_what_is_not_read_cannot_refuse_a_file() -> None:
    new_group = "<IBSXYZ><CST>A1</CST><deep><er/></deep></IBSXYZ></imposto>"
    read_nfe(changed(("</imposto>", new_group), ("<indPres>9<", "<indPres>77<"), ("<CRT>1<", "<CRT>8<")))


def test_harmless_wrapping_is_read_through() -> None:
    stylesheet = '?>\n<?xml-stylesheet href="http://example.invalid/x.xsl" type="text/xsl"?>\n<!-- <x> -->'
    assert read_nfe(changed(("?>", stylesheet))).access_key == KEY
    assert read_nfe(b"\xef\xbb\xbf\r\n" + NOTE.encode()).access_key == KEY
    latin = NOTE.replace('"UTF-8"', '"ISO-8859-1"').encode("latin-1")
    assert read_nfe(latin).issuer.name == "Papelaria Lápis de Vento Ltda"
    prefixed = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1n:", NOTE).replace("xmlns=", "xmlns:n=")
    assert read_nfe(prefixed.encode()).access_key == KEY


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><nfeProc>&j;</nfeProc>"
)
EXTERNAL = '<!DOCTYPE n [<!ENTITY x SYSTEM "file:///etc/passwd">]><nfeProc>&x;</nfeProc>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (BILLION_LAUGHS.encode(), "dtd"),
        (EXTERNAL.encode(), "dtd"),
        (b'<!DOCTYPE n SYSTEM "http://example.invalid/n.dtd"><nfeProc/>', "dtd"),
        (NOTE.replace("Pedido 1187.", "&unknown;").encode(), "broken_xml"),
        (b"<a>" * 40 + b"</a>" * 40, "too_deep"),
        (b"<a>" + b"<b/>" * 400_000 + b"</a>", "too_many_parts"),
        (b"<a>" * 5000 + b"</a>" * 5000, "too_deep"),
        (NOTE.encode()[:-40], "broken_xml"),
        (NOTE.encode("utf-16"), "encoding"),
        (NOTE.encode("latin-1"), "encoding"),
        (NOTE.replace('"UTF-8"', '"UTF-7"').encode(), "encoding"),
        (NOTE.replace("Pedido", "Pe\x00ido").encode(), "broken_xml"),
    ],
)
def test_hostile_or_damaged_xml(data: bytes, code: str) -> None:
    started = time.monotonic()
    assert refusal(data).code == code
    assert time.monotonic() - started < 2


def test_fifty_megabytes_are_refused_without_being_read() -> None:
    class Large(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            size = min(size, 50 * 1024 * 1024 - self.taken)
            self.taken += size
            return b"<" * size

    stream = Large()
    tracemalloc.start()
    with pytest.raises(NfeError, match="too_large") as refused:
        read_limited(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stream.taken == MAX_BYTES + 1
    assert peak < 4 * MAX_BYTES
    assert refused.value.message == "This file is larger than 5 MB."
    assert refusal(b"<" * (MAX_BYTES + 1)).code == "too_large"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(NOTE)), st.binary(max_size=6), st.integers(0, 30))
def test_any_damage_is_a_bill_or_a_refusal(at: int, noise: bytes, lost: int) -> None:
    data = NOTE.encode()
    try:
        bill = read_nfe(data[:at] + noise + data[at + lost :])
    except NfeError as refused:
        assert refused.message  # noqa: PT017
    else:
        assert bill.access_key == KEY
