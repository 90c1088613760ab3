"""Every sample that nfelib ships becomes a bill, or is refused with a sentence; and the demo's three."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import nfelib.nfe.samples as nfelib_samples
import nfelib.nfe.schemas as nfelib_schemas
import pytest
from django.utils import translation
from lxml import etree

from alcada.directory import documents
from alcada.intake.models import PaymentMethod
from alcada.intake.nfe import read_nfe
from alcada.intake.nfe_bill import METHODS, NfeBill, NfeError

NFELIB = sorted(Path(next(iter(nfelib_samples.__path__))).joinpath("v4_0").rglob("*.xml"))
DEMO = Path(str(resources.files("alcada.config") / "samples"))
PADARIA = "99601234000151"  # the demo's company, whom the three notes bill

REFUSED = {
    "41080676472349000430550010000001041671821888-ped-inu.xml": "voided_numbers",
    "41170706117473000150550010000463202612756525-procNFe.xml": "homologation",
    "42210775277525000178550030000266631762885493-procNFe.xml": "entry_note",
    "NFe35200159594315000157550010000000012062777161.xml": "homologation",
    # Made anonymous by changing the issuer, and not its key: what a forged note looks like.
    "nfe_reforma_tributaria.xml": "key_issuer",
    "nfce_contingencia.xml": "nfce",
    "procNFe.xml": "homologation",
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def D(text: str) -> Decimal:
    return Decimal(text)


def nfelib_note(start: str) -> NfeBill:
    found = [path for path in NFELIB if path.name.startswith(start)]
    assert len(found) == 1
    return read_nfe(found[0].read_bytes())


def test_nfelib_still_ships_samples() -> None:
    assert len(NFELIB) >= 20


@pytest.mark.parametrize("path", NFELIB, ids=lambda path: path.name)
def test_every_sample_is_a_bill_or_refused_with_a_sentence(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(NfeError) as refused:
            read_nfe(path.read_bytes())
        assert refused.value.code == REFUSED[path.name]
        assert refused.value.message.endswith(".")
        assert "%(" not in refused.value.message
        return
    bill = read_nfe(path.read_bytes())
    assert path.name.startswith(bill.access_key)
    assert bill.authorised
    assert bill.total > 0
    assert documents.check(bill.issuer.document) == bill.access_key[6:20]
    assert bill.issuer.address.count(",") >= 3
    assert all(item and item == item.strip() for item in bill.items)
    assert bill.instalments
    assert len(bill.description) <= 120
    assert all(warning.message for warning in bill.warnings)


def test_two_instalments() -> None:
    bill = nfelib_note("26180875335849000115550010000016871192213331")
    assert [(part.number, part.due_date, part.amount) for part in bill.instalments] == [
        ("001", date(2018, 9, 25), D("2890.00")),
        ("002", date(2018, 11, 4), D("2890.00")),
    ]
    assert (bill.number, bill.series, bill.model, bill.version) == (1687, 1, "55", "4.00")
    assert (bill.operation, bill.issue_date, bill.total) == ("Venda", date(2018, 8, 16), D("5780.00"))
    assert bill.issuer.name == "Teste Produtos Médicos Ltda - ME"
    assert bill.recipient.document == "37148260000119"
    assert bill.payment_method == ""  # tPag 99 says nothing
    assert bill.warnings == ()


def test_a_boleto_to_a_person_with_the_issuers_own_numbering() -> None:
    bill = nfelib_note("35180834128745000152550010000474281920007498")
    assert [part.number for part in bill.instalments] == ["47428/1-1"]
    assert bill.payment_method == "boleto"
    assert bill.recipient.document == "68161525650"
    assert len(bill.items) == 6
    assert bill.description == "NF-e 47428 · Alimentos Saudaveis · QUINOA 100G (2X50G) (+5)"


def test_a_gift_without_instalments_is_flagged() -> None:
    bill = nfelib_note("35180834128745000152550010000476781421693968")
    assert [warning.code for warning in bill.warnings] == ["nothing_to_pay", "no_due_date"]
    (only,) = bill.instalments
    assert (only.due_date, only.amount) == (None, D("313.92"))
    other = nfelib_note("35180834128745000152550010000474501597356342")
    assert [warning.code for warning in other.warnings] == ["perhaps_nothing_to_pay", "no_due_date"]


def test_instalments_that_charge_less_than_the_note_stay_as_they_are() -> None:
    bill = nfelib_note("42211275277525000178550030000276771368212013")
    assert (bill.total, bill.amount_due) == (D("19606.03"), D("19104.00"))
    (warning,) = bill.warnings
    assert warning.code == "instalments_do_not_add_up"
    assert warning.context["difference"] == D("502.03")
    shown = warning.message.replace("\u00a0", " ")
    assert shown == "The instalments add up to R$ 19,104.00, the note to R$ 19,606.03."


def test_a_customer_abroad_has_no_document() -> None:
    bill = nfelib_note("42220575277525000178550030000292481295366801")
    assert (bill.recipient.name, bill.recipient.document) == ("Jung Usa Corporation", "")


def test_our_codes_for_ways_to_pay_exist() -> None:
    assert set(METHODS.values()) - {""} <= set(PaymentMethod.values)
    assert "other" in PaymentMethod.values


SCHEMA = Path(next(iter(nfelib_schemas.__path__))) / "v4_0" / "procNFe_v4.00.xsd"


@pytest.mark.parametrize(
    ("name", "total", "instalments"),
    [
        (
            "nfe-papelaria.xml",
            "2350.00",
            [("2026-12-07", "783.34"), ("2026-12-22", "783.33"), ("2027-01-07", "783.33")],
        ),
        ("nfe-energia-servicos.xml", "8640.00", [("2026-12-10", "8640.00")]),
        ("nfe-equipamentos.xml", "27480.00", [("2026-12-14", "13740.00"), ("2027-01-14", "13740.00")]),
    ],
)
def test_the_demos_notes_follow_the_layout(name: str, total: str, instalments: list[tuple[str, str]]) -> None:
    path = DEMO / name
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(etree.parse(path)), schema.error_log
    bill = read_nfe(path.read_bytes())
    assert (bill.total, bill.recipient.document, bill.warnings) == (D(total), PADARIA, ())
    assert [(str(part.due_date), str(part.amount)) for part in bill.instalments] == instalments
    assert bill.payment_method == "boleto"
    assert (bill.issue_date.year, bill.issue_date.month) == (2026, 11)
    assert "fictício" in bill.information


def test_the_demos_notes_are_of_three_vendors() -> None:
    bills = [read_nfe(path.read_bytes()) for path in sorted(DEMO.glob("nfe-*.xml"))]
    assert len({bill.issuer.document for bill in bills}) == len(bills) == 3
    assert documents.check(PADARIA) == PADARIA
