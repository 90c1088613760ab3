"""One NF-e (model 55, layout 4.00), read into what a bill needs. Pure: bytes in, a value or a refusal out.

Layout and codes: Manual de Orientação do Contribuinte and the schemas that nfelib ships (package PL_010).
What is taken, refused and only flagged, and why: docs/nfe.md. The signature is not verified, and nobody is
asked whether the note was cancelled since.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from alcada.directory import documents
from alcada.intake import nfe_values
from alcada.intake.files import MAX_XML_BYTES, Readable, parse_xml, sniff
from alcada.intake.files import read_limited as read_stream
from alcada.intake.nfe_bill import METHODS, NfeBill, NfeError, NfeInstalment, NfeParty, NfePayment, NfeWarning
from alcada.intake.nfe_layout import bound, check_kind

MAX_BYTES: Final = MAX_XML_BYTES


def read_limited(stream: Readable) -> bytes:
    """The upload's bytes for `read_nfe`, never more than 5 MB. Raises NfeError("too_large")."""
    return read_stream(stream, MAX_BYTES, NfeError)


def read_nfe(data: bytes) -> NfeBill:
    """The bill in an NF-e file: with the tax office's answer (nfeProc), or the bare note with a warning.

    Raises NfeError with a code of `NfeError.sentences`; nothing else, whatever the bytes are.
    """
    if len(data) > MAX_BYTES:
        raise NfeError("too_large", limit=MAX_BYTES // (1024 * 1024))
    if (kind := sniff(data)) != "xml":
        raise NfeError(kind if kind in NfeError.sentences else "not_xml")
    root = parse_xml(data, NfeError)
    check_kind(root)
    note, protocol = bound(root)
    _check_purpose(note.ide, protocol)
    _check_authorised(protocol)
    return _bill(note, protocol, hashlib.sha256(data).hexdigest())


_NO_BILL: Final[Mapping[str, str]] = {"3": "adjustment", "4": "return_note", "5": "credit_note"}


def _check_purpose(ide: Any, protocol: Any) -> None:
    """Refuse what asks for no payment: tests, returns, credits, adjustments, goods coming in."""
    ide = nfe_values.present(ide, "ide")
    if nfe_values.value(ide.mod, "mod") == "65":
        raise NfeError("nfce")
    if "2" in (nfe_values.value(ide.tpAmb, "tpAmb"), protocol and protocol.tpAmb and protocol.tpAmb.value):
        raise NfeError("homologation")
    if code := _NO_BILL.get(nfe_values.value(ide.finNFe, "finNFe")):
        raise NfeError(code)
    if nfe_values.value(ide.tpNF, "tpNF") == "0":
        raise NfeError("entry_note")


# cStat of the answer: 100 and 150 (out of time) authorise; the others as in the Manual, table of answers.
_AUTHORISED: Final = ("100", "150")
_STATUS: Final = {
    **dict.fromkeys(("101", "135", "151", "155"), "cancelled"),
    **dict.fromkeys(("110", "205", "301", "302", "303"), "denied"),
}


def _check_authorised(protocol: Any) -> None:
    """Refuse a note that the tax office cancelled, denied or did not take. No answer at all is a warning."""
    status = nfe_values.text(protocol.cStat, "cStat") if protocol else "100"
    if status not in _AUTHORISED:
        reason = " ".join((protocol.xMotivo or "").split())
        raise NfeError(_STATUS.get(status, "not_authorised"), status=status, reason=reason)


def _bill(note: Any, protocol: Any, sha256: str) -> NfeBill:
    ide = note.ide
    issued_at = nfe_values.moment(nfe_values.text(ide.dhEmi, "dhEmi"))
    issuer = _issuer(nfe_values.present(note.emit, "emit"))
    total = nfe_values.amount(nfe_values.present(note.total and note.total.ICMSTot, "ICMSTot").vNF, "vNF")
    instalments = _instalments(note.cobr.dup if note.cobr else [], total)
    payments = tuple(_payment(paid) for paid in (note.pag.detPag if note.pag else []))
    bill = NfeBill(
        access_key=(note.Id or "").removeprefix("NFe"),
        number=nfe_values.integer(ide.nNF, "nNF", 9),
        series=nfe_values.integer(ide.serie, "serie", 3),
        model=nfe_values.value(ide.mod, "mod"),
        version=note.versao,
        operation=nfe_values.text(ide.natOp, "natOp"),
        issued_at=issued_at,
        issue_date=issued_at.astimezone(nfe_values.TIME_ZONE).date(),
        issuer=issuer,
        recipient=_recipient(nfe_values.present(note.dest, "dest")),
        total=total,
        instalments=instalments,
        payments=payments,
        items=tuple(
            nfe_values.text(line.prod and line.prod.xProd, "xProd")
            for line in nfe_values.present(note.det, "det")
        ),
        information=(note.infAdic.infCpl or "").strip() if note.infAdic else "",
        authorised=protocol is not None,
        protocol=(protocol.nProt or "") if protocol else "",
        warnings=(),
        sha256=sha256,
    )
    _check_key(bill, note.avulsa.CNPJ if note.avulsa else "", protocol)
    return replace(bill, warnings=tuple(_warnings(bill, note)))


def _issuer(emit: Any) -> NfeParty:
    try:
        document = documents.check(emit.CNPJ or emit.CPF or "")
    except documents.DocumentError as error:
        raise NfeError("issuer_document") from error
    return NfeParty(
        name=nfe_values.text(emit.xNome, "xNome"),
        document=document,
        trade_name=" ".join((emit.xFant or "").split()),
        state_registration=emit.IE or "",
        address=_address(emit.enderEmit),
    )


def _address(place: Any) -> str:
    """One line, for a person to compare; empty where the note has none."""
    if not place:
        return ""
    state = place.UF.value if place.UF else ""
    parts = (place.xLgr, place.nro, place.xCpl, place.xBairro, place.xMun, state, place.CEP)
    return ", ".join(" ".join(part.split()) for part in parts if part)


def _recipient(dest: Any) -> NfeParty:
    """Not checked digit by digit: whoever imports compares it with the company's own."""
    document = documents.normalise(dest.CNPJ or dest.CPF or "")
    return NfeParty(name=" ".join((dest.xNome or "").split()), document=document, email=dest.email or "")


def _instalments(dups: list[Any], total: Decimal) -> tuple[NfeInstalment, ...]:
    """The `dup` as they are; a note without any is one instalment whose due date a person fills in."""
    if not dups:
        return (NfeInstalment("1", None, total),)
    return tuple(
        NfeInstalment(dup.nDup or str(place), nfe_values.day(dup.dVenc), nfe_values.amount(dup.vDup, "vDup"))
        for place, dup in enumerate(dups, 1)
    )


def _payment(paid: Any) -> NfePayment:
    code = nfe_values.text(paid.tPag, "tPag")
    return NfePayment(code, METHODS.get(code, "other"), nfe_values.amount(paid.vPag or "0.00", "vPag"))


_KEY: Final = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}")


def key_digit(key: str) -> str:
    """The check digit of an access key's first 43 places: modulus 11, weights 2 to 9 from the right.

    A letter (of a CNPJ that has some) counts as its ASCII code minus 48 (Nota Técnica Conjunta 2025.001).
    """
    rest = sum((ord(c) - 48) * (2 + i % 8) for i, c in enumerate(reversed(key[:43]))) % 11
    return str(11 - rest if rest > 1 else 0)


def _check_key(bill: NfeBill, tax_office: str, protocol: Any) -> None:
    """The key is right in itself and says what the note says: a changed issuer or number shows here."""
    key = bill.access_key
    if not _KEY.fullmatch(key):
        raise NfeError("key_shape")
    if key_digit(key) != key[-1]:
        raise NfeError("key_digit")
    # A note written at a tax office ("avulsa", series 890 to 899) has that office's CNPJ in its key.
    issuers = {bill.issuer.document.zfill(14)} | ({tax_office} if 890 <= bill.series <= 899 else set())
    if key[6:20] not in issuers:
        raise NfeError("key_issuer")
    for name, in_key, in_note in (
        ("dhEmi", key[2:6], f"{bill.issued_at:%y%m}"),
        ("mod", key[20:22], bill.model),
        ("serie", key[22:25], f"{bill.series:03}"),
        ("nNF", key[25:34], f"{bill.number:09}"),
    ):
        if in_key != in_note:
            raise NfeError("key_content", field=name)
    if protocol and protocol.chNFe != key:
        raise NfeError("protocol_key")


# Gifts, shipments, samples, loans, goods on show: the issuer's own words, so only a reason to look.
_OFTEN_FREE: Final = re.compile(r"\b(bonifica|remessa|doa[cs]|amostra|brinde|comodato|demonstra|consigna)")
_UNUSUAL: Final = {"2": "complementary", "6": "debit_note"}


def _warnings(bill: NfeBill, note: Any) -> Iterator[NfeWarning]:
    if not bill.authorised:
        yield NfeWarning("not_proven")
    if code := _UNUSUAL.get(note.ide.finNFe.value):
        yield NfeWarning(code)
    yield from _doubts_about_paying(bill, charged=bool(note.cobr and note.cobr.dup))
    if bill.amount_due != bill.total:
        difference = bill.total - bill.amount_due
        context = {"instalments": bill.amount_due, "total": bill.total, "difference": difference}
        yield NfeWarning("instalments_do_not_add_up", context)
    for part in bill.instalments:
        if part.due_date is None:
            yield NfeWarning("no_due_date", {"number": part.number})
    with_taxes = nfe_values.amount(note.total.vNFTot, "vNFTot") if note.total.vNFTot else bill.total
    if with_taxes != bill.total:
        yield NfeWarning("total_with_new_taxes", {"with_taxes": with_taxes, "total": bill.total})


def _doubts_about_paying(bill: NfeBill, *, charged: bool) -> Iterator[NfeWarning]:
    """Instalments charge, whatever else the note says: issuers write "no payment" beside them by habit."""
    if not bill.total or (not charged and {paid.code for paid in bill.payments} == {"90"}):
        yield NfeWarning("nothing_to_pay")
    elif not charged and _OFTEN_FREE.search(documents.normalise_name(bill.operation)):
        yield NfeWarning("perhaps_nothing_to_pay", {"operation": bill.operation})
