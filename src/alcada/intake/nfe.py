"""One NF-e (model 55, layout 4.00), read into what a bill needs. Pure: bytes in, a value or a refusal out.

Layout and codes: Manual de Orientação do Contribuinte and the schemas that nfelib ships (package PL_010).
What is taken, refused and only flagged, and why: docs/nfe.md. The signature is not verified, and nobody is
asked whether the note was cancelled since.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from lxml import etree

from alcada import money
from alcada.directory import documents
from alcada.intake.files import MAX_XML_BYTES, SENTENCES, Readable, UploadError, parse_xml, sniff
from alcada.intake.files import read_limited as read_stream

MAX_BYTES: Final = MAX_XML_BYTES
NAMESPACE: Final = "http://www.portalfiscal.inf.br/nfe"
VERSION: Final = "4.00"
TIME_ZONE: Final = ZoneInfo("America/Sao_Paulo")

NFE_SENTENCES: Final[Mapping[str, Promise]] = {
    "pdf": _(
        "This is a PDF, perhaps the DANFE (the printed note). Send the XML that the issuer sent with it."
    ),
    "not_xml": _("This file is not an XML. An NF-e is the file that ends in .xml, not its picture or print."),
    "cte": _("This file is a CT-e (freight document), not an NF-e. Enter it by hand and attach the file."),
    "mdfe": _("This file is an MDF-e (cargo manifest), not an NF-e. There is nothing to pay on it."),
    "nfse": _("This file is an NFS-e (service note), not an NF-e. Enter it by hand and attach the file."),
    "nfcom": _("This file is an NFCom (telephone bill), not an NF-e. Enter it by hand and attach the file."),
    "nf3e": _("This file is an NF3-e (electricity bill), not an NF-e. Enter it by hand and attach the file."),
    "cfe": _("This file is a CF-e (till receipt), not an NF-e. Enter it by hand and attach the file."),
    "nfce": _(
        "This file is an NFC-e (till receipt), paid at the counter. Enter it by hand and attach the file."
    ),
    "cancellation": _(
        "This file cancels an NF-e. It is not a bill; discard the entry of the note that it names."
    ),
    "event": _("This file is an event about an NF-e (such as a correction letter), not the NF-e itself."),
    "voided_numbers": _("This file tells the tax office that note numbers were not used. It is not a bill."),
    "summary": _("This file is only the summary of an NF-e. Send the whole note, as its issuer has it."),
    "batch": _("This file holds several NF-e, or one on its way to the tax office. Send one note per file."),
    "namespace": _("This file says that it is an NF-e, but is not written in the NF-e's own format."),
    "not_nfe": _("This XML is not an NF-e: it begins with “%(root)s”."),
    "version": _("This NF-e is in layout %(version)s. Only layout 4.00, in force since 2018, is read."),
    "layout": _(
        "This NF-e does not follow its layout, so it can't be read safely. Ask the issuer for it again."
    ),
    "missing": _("This NF-e has no “%(field)s”, which every NF-e has. Ask the issuer for the file again."),
    "bad_field": _("“%(field)s” of this NF-e is “%(value)s”, which can't be. Ask the issuer for it again."),
    "homologation": _("This NF-e was issued in the tax office's test environment. It has no value."),
    "cancelled": _("The tax office's answer in this file says that the NF-e was cancelled (%(status)s)."),
    "denied": _("The tax office denied this NF-e (%(status)s: %(reason)s). It has no value."),
    "not_authorised": _("The tax office did not authorise this NF-e (%(status)s: %(reason)s)."),
    "return_note": _(
        "This note returns goods: it undoes a sale, and asks for no payment. Settle it as a credit."
    ),
    "credit_note": _("This is a credit note: it lowers what is owed, and asks for no payment."),
    "adjustment": _("This note only adjusts the issuer's tax books. There is nothing to pay on it."),
    "entry_note": _(
        "The issuer wrote this note for goods coming in to itself. It does not charge its recipient."
    ),
    "key_shape": _("The access key of this NF-e does not have its 44 places."),
    "key_digit": _("The access key of this NF-e fails its check digit: the file was changed or mistyped."),
    "key_issuer": _(
        "The access key of this NF-e belongs to another issuer than the note names. Don't pay it."
    ),
    "key_content": _("The access key of this NF-e does not agree with its “%(field)s”. Don't pay it."),
    "protocol_key": _(
        "The tax office's answer in this file is about another NF-e. Ask the issuer for it again."
    ),
    "issuer_document": _("The issuer's CPF or CNPJ in this NF-e is not valid. Don't pay it."),
}
WARNING_SENTENCES: Final[Mapping[str, Promise]] = {
    "not_proven": _("This file lacks the tax office's authorisation: check the access key before paying."),
    "instalments_do_not_add_up": _("The instalments add up to %(instalments)s, the note to %(total)s."),
    "no_due_date": _("Instalment %(number)s has no due date in the note."),
    "nothing_to_pay": _("The issuer says that no payment is due (a gift, a shipment, a sample)."),
    "perhaps_nothing_to_pay": _("The operation is “%(operation)s”, which is often free of charge. Check it."),
    "complementary": _("This note adds to an earlier one. Check that the difference was not paid already."),
    "debit_note": _("This is a debit note (such as a fine or interest). Check that it asks for a payment."),
    "total_with_new_taxes": _(
        "With IBS, CBS and IS the note comes to %(with_taxes)s. Check what is charged."
    ),
}


class NfeError(UploadError):
    """This file is not an NF-e that can be made a bill. `code` is stable, `message` the sentence to show."""

    sentences = {**SENTENCES, **NFE_SENTENCES}


@dataclass(frozen=True)
class NfeWarning:
    """Something that doesn't stop the import and that a person should see in the form."""

    code: str
    context: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        shown = {name: _shown(value) for name, value in self.context.items()}
        return str(WARNING_SENTENCES[self.code]) % shown


def _shown(value: object) -> object:
    return (
        money.format_brl(value, language=get_language() or "pt-br") if isinstance(value, Decimal) else value
    )


@dataclass(frozen=True)
class NfeParty:
    """`document`: CPF or CNPJ, normalised; empty for a recipient abroad. No issuer's e-mail in the layout."""

    name: str
    document: str
    trade_name: str = ""
    state_registration: str = ""
    email: str = ""
    address: str = ""


@dataclass(frozen=True)
class NfeInstalment:
    """A `dup`. Its number is the issuer's text ("001", "47428/1-1"); amounts are in reais."""

    number: str
    due_date: date | None
    amount: Decimal


@dataclass(frozen=True)
class NfePayment:
    """A `detPag`: the layout's code, ours (`intake.models.PaymentMethod`; "" for none), the amount."""

    code: str
    method: str
    amount: Decimal


@dataclass(frozen=True)
class NfeBill:
    """An NF-e as a bill, in reais. `issue_date` is the date in São Paulo at the moment of issue."""

    access_key: str
    number: int
    series: int
    model: str
    version: str
    operation: str
    issued_at: datetime
    issue_date: date
    issuer: NfeParty
    recipient: NfeParty
    total: Decimal
    instalments: tuple[NfeInstalment, ...]
    payments: tuple[NfePayment, ...]
    items: tuple[str, ...]
    information: str
    authorised: bool
    protocol: str
    warnings: tuple[NfeWarning, ...]
    sha256: str

    @property
    def amount_due(self) -> Decimal:
        """What the instalments add up to: what is charged, though the total be more (a gift in it)."""
        return sum((part.amount for part in self.instalments), Decimal("0.00"))

    @property
    def payment_method(self) -> str:
        """Our code when the note names one way to pay, else empty: a person chooses."""
        methods = {payment.method for payment in self.payments}
        return methods.pop() if len(methods) == 1 else ""

    @property
    def description(self) -> str:
        """The entry's default description, in no language: note, issuer, first item, how many more."""
        more = f" (+{len(self.items) - 1})" if len(self.items) > 1 else ""
        text = f"NF-e {self.number} · {self.issuer.trade_name or self.issuer.name} · {self.items[0]}"
        room = MAX_DESCRIPTION - len(more)
        return (text if len(text) <= room else text[: room - 1].rstrip() + "…") + more


MAX_DESCRIPTION: Final = 120

# tPag (Nota Técnica 2020.006 and later) to ours. 99 ("other"), 90 (none) and 91 (later) don't say how.
METHODS: Final[Mapping[str, str]] = {
    "01": "cash", "02": "cheque", "03": "credit_card", "04": "debit_card", "15": "boleto", "16": "transfer",
    "17": "pix", "18": "transfer", "20": "pix", "90": "", "91": "", "99": "",
}  # fmt: skip


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
    _check_kind(root)
    note, protocol = _bound(root)
    _check_purpose(note.ide, protocol)
    _check_authorised(protocol)
    return _bill(note, protocol, hashlib.sha256(data).hexdigest())


_PORTAL: Final = "http://www.portalfiscal.inf.br/"
_ROOTS: Final[Mapping[str, str]] = {
    "nfeProc": "", "NFe": "", "enviNFe": "batch",
    "procEventoNFe": "event", "evento": "event", "envEvento": "event", "retEnvEvento": "event",
    "retEvento": "event", "resEvento": "event",
    "procCancNFe": "cancellation", "cancNFe": "cancellation", "retCancNFe": "cancellation",
    "ProcInutNFe": "voided_numbers", "procInutNFe": "voided_numbers", "inutNFe": "voided_numbers",
    "retInutNFe": "voided_numbers", "resNFe": "summary", "retDistDFeInt": "summary",
}  # fmt: skip
_CANCELLING_EVENTS: Final = ("110111", "110112")


def _check_kind(root: etree._Element) -> None:
    name = etree.QName(root)
    if code := _other_kind(root, name.namespace or "", name.localname):
        raise NfeError(code, root=name.localname)


def _other_kind(root: etree._Element, namespace: str, name: str) -> str:
    """Which other document it is, as a code; empty for an NF-e. Service notes differ by town."""
    family = namespace.removeprefix(_PORTAL)
    if namespace.startswith(_PORTAL) and family in ("cte", "mdfe", "nfcom", "nf3e"):
        return family
    if "nfse" in f"{namespace} {name}".lower() or "prefeitura" in namespace:
        return "nfse"
    if name == "CFe":
        return "cfe"
    if namespace != NAMESPACE:
        return "namespace" if name in ("nfeProc", "NFe") else "not_nfe"
    kind = _ROOTS.get(name, "not_nfe")
    cancels = kind == "event" and root.findtext(f".//{{{NAMESPACE}}}tpEvento") in _CANCELLING_EVENTS
    return "cancellation" if cancels else kind


# What is read of each group; the rest is cut off before the layout's classes see it. So next year's tax
# group, or a new value in a list that doesn't concern a bill, can't refuse a file.
_READ: Final[Mapping[str, frozenset[str]]] = {
    group: frozenset(names.split())
    for group, names in {
        "nfeProc": "NFe protNFe",
        "protNFe": "infProt",
        "infProt": "tpAmb chNFe nProt cStat xMotivo",
        "NFe": "infNFe",
        "infNFe": "ide emit avulsa dest det total cobr pag infAdic",
        "ide": "natOp mod serie nNF dhEmi tpNF tpAmb finNFe",
        "emit": "CNPJ CPF xNome xFant IE enderEmit",
        "enderEmit": "xLgr nro xCpl xBairro xMun UF CEP",
        "avulsa": "CNPJ",
        "dest": "CNPJ CPF idEstrangeiro xNome email",
        "det": "prod",
        "prod": "xProd",
        "total": "ICMSTot vNFTot",
        "ICMSTot": "vNF",
        "cobr": "dup",
        "dup": "nDup dVenc vDup",
        "pag": "detPag",
        "detPag": "tPag vPag",
        "infAdic": "infCpl",
    }.items()
}
# How often the layout lets a group stand; any other, once.
_TIMES: Final[Mapping[str, int]] = {"det": 990, "dup": 120, "detPag": 100}


def _bound(root: etree._Element) -> tuple[Any, Any]:
    """The note (`infNFe`) and the tax office's answer (`infProt`, or None) as the layout's classes."""
    notes = list(root.iter(f"{{{NAMESPACE}}}infNFe"))
    if len(notes) != 1:
        raise NfeError("batch" if notes else "namespace")
    if (version := notes[0].get("versao", "")) != VERSION:
        raise NfeError("version", version=version or "?")
    _cut(root)
    bound = _bind(root)
    proc = bound if etree.QName(root).localname == "nfeProc" else None
    nfe = _present(proc.NFe if proc else bound, "NFe")
    protocol = proc.protNFe.infProt if proc and proc.protNFe else None
    return _present(nfe.infNFe, "infNFe"), protocol


def _cut(element: etree._Element) -> None:
    """Keep what is read. A group given twice is refused: two readers could see two different totals."""
    wanted = _READ.get(etree.QName(element).localname, frozenset())
    seen: Counter[str] = Counter()
    for child in list(element):
        name = etree.QName(child)
        if name.namespace != NAMESPACE or name.localname not in wanted:
            element.remove(child)
            continue
        seen[name.localname] += 1
        if seen[name.localname] > _TIMES.get(name.localname, 1):
            raise NfeError("layout")
        _cut(child)


@cache
def _layout() -> tuple[Any, ...]:
    """Loaded when the first NF-e comes: the classes take a fifth of a second."""
    from nfelib.nfe.bindings.v4_0.nfe_v4_00 import Nfe
    from nfelib.nfe.bindings.v4_0.proc_nfe_v4_00 import NfeProc
    from xsdata.formats.dataclass.context import XmlContext
    from xsdata.formats.dataclass.parsers.config import ParserConfig

    config = ParserConfig(fail_on_unknown_properties=False, fail_on_converter_warnings=True)
    return XmlContext(), config, {"NFe": Nfe, "nfeProc": NfeProc}


def _bind(root: etree._Element) -> Any:
    from xsdata.exceptions import ConverterError, ParserError
    from xsdata.formats.dataclass.parsers import XmlParser

    context, config, classes = _layout()
    try:
        return XmlParser(context=context, config=config).parse(root, classes[etree.QName(root).localname])
    except (ParserError, ConverterError) as error:
        raise NfeError("layout") from error


_NO_BILL: Final[Mapping[str, str]] = {"3": "adjustment", "4": "return_note", "5": "credit_note"}


def _check_purpose(ide: Any, protocol: Any) -> None:
    """Refuse what asks for no payment: tests, returns, credits, adjustments, goods coming in."""
    ide = _present(ide, "ide")
    if _value(ide.mod, "mod") == "65":
        raise NfeError("nfce")
    if "2" in (_value(ide.tpAmb, "tpAmb"), protocol and protocol.tpAmb and protocol.tpAmb.value):
        raise NfeError("homologation")
    if code := _NO_BILL.get(_value(ide.finNFe, "finNFe")):
        raise NfeError(code)
    if _value(ide.tpNF, "tpNF") == "0":
        raise NfeError("entry_note")


# cStat of the answer: 100 and 150 (out of time) authorise; the others as in the Manual, table of answers.
_AUTHORISED: Final = ("100", "150")
_STATUS: Final = {
    **dict.fromkeys(("101", "135", "151", "155"), "cancelled"),
    **dict.fromkeys(("110", "205", "301", "302", "303"), "denied"),
}


def _check_authorised(protocol: Any) -> None:
    """Refuse a note that the tax office cancelled, denied or did not take. No answer at all is a warning."""
    status = _text(protocol.cStat, "cStat") if protocol else "100"
    if status not in _AUTHORISED:
        reason = " ".join((protocol.xMotivo or "").split())
        raise NfeError(_STATUS.get(status, "not_authorised"), status=status, reason=reason)


def _bill(note: Any, protocol: Any, sha256: str) -> NfeBill:
    ide = note.ide
    issued_at = _moment(_text(ide.dhEmi, "dhEmi"))
    issuer = _issuer(_present(note.emit, "emit"))
    total = _amount(_present(note.total and note.total.ICMSTot, "ICMSTot").vNF, "vNF")
    instalments = _instalments(note.cobr.dup if note.cobr else [], total)
    payments = tuple(_payment(paid) for paid in (note.pag.detPag if note.pag else []))
    bill = NfeBill(
        access_key=(note.Id or "").removeprefix("NFe"),
        number=_integer(ide.nNF, "nNF", 9),
        series=_integer(ide.serie, "serie", 3),
        model=_value(ide.mod, "mod"),
        version=note.versao,
        operation=_text(ide.natOp, "natOp"),
        issued_at=issued_at,
        issue_date=issued_at.astimezone(TIME_ZONE).date(),
        issuer=issuer,
        recipient=_recipient(_present(note.dest, "dest")),
        total=total,
        instalments=instalments,
        payments=payments,
        items=tuple(_text(line.prod and line.prod.xProd, "xProd") for line in _present(note.det, "det")),
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
        name=_text(emit.xNome, "xNome"),
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
        NfeInstalment(dup.nDup or str(place), _day(dup.dVenc), _amount(dup.vDup, "vDup"))
        for place, dup in enumerate(dups, 1)
    )


def _payment(paid: Any) -> NfePayment:
    code = _text(paid.tPag, "tPag")
    return NfePayment(code, METHODS.get(code, "other"), _amount(paid.vPag or "0.00", "vPag"))


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
    with_taxes = _amount(note.total.vNFTot, "vNFTot") if note.total.vNFTot else bill.total
    if with_taxes != bill.total:
        yield NfeWarning("total_with_new_taxes", {"with_taxes": with_taxes, "total": bill.total})


def _doubts_about_paying(bill: NfeBill, *, charged: bool) -> Iterator[NfeWarning]:
    """Instalments charge, whatever else the note says: issuers write "no payment" beside them by habit."""
    if not bill.total or (not charged and {paid.code for paid in bill.payments} == {"90"}):
        yield NfeWarning("nothing_to_pay")
    elif not charged and _OFTEN_FREE.search(documents.normalise_name(bill.operation)):
        yield NfeWarning("perhaps_nothing_to_pay", {"operation": bill.operation})


def _present(value: Any, name: str) -> Any:
    if not value:
        raise NfeError("missing", field=name)
    return value


def _value(member: Any, name: str) -> str:
    return str(_present(member, name).value)


def _text(value: str | None, name: str) -> str:
    return str(_present(" ".join((value or "").split()), name))


def _amount(value: str | None, name: str) -> Decimal:
    text = _text(value, name)
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text):
        raise NfeError("bad_field", field=name, value=text[:40])
    return money.round_cents(Decimal(text))


def _integer(value: str | None, name: str, digits: int) -> int:
    text = _text(value, name)
    if not re.fullmatch(rf"[0-9]{{1,{digits}}}", text):
        raise NfeError("bad_field", field=name, value=text[:40])
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(TIME_ZONE)
    except (ValueError, OverflowError) as error:
        raise NfeError("bad_field", field="dhEmi", value=text[:40]) from error
    if moment.tzinfo is None:
        raise NfeError("bad_field", field="dhEmi", value=text[:40])
    return moment


def _day(text: str | None) -> date | None:
    if not (text or "").strip():
        return None
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError as error:
        raise NfeError("bad_field", field="dVenc", value=str(text)[:40]) from error
