"""Is it an NF-e of layout 4.00, and which else if not; cut to what is read, and bound to nfelib's classes. Pure."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lxml import etree

from alcada.intake import nfe_values
from alcada.intake.nfe_bill import NfeError

NAMESPACE: Final = "http://www.portalfiscal.inf.br/nfe"
VERSION: Final = "4.00"

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


def check_kind(root: etree._Element) -> None:
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


def bound(root: etree._Element) -> tuple[Any, Any]:
    """The note (`infNFe`) and the tax office's answer (`infProt`, or None) as the layout's classes."""
    notes = list(root.iter(f"{{{NAMESPACE}}}infNFe"))
    if len(notes) != 1:
        raise NfeError("batch" if notes else "namespace")
    if (version := notes[0].get("versao", "")) != VERSION:
        raise NfeError("version", version=version or "?")
    _cut(root)
    bound = _bind(root)
    proc = bound if etree.QName(root).localname == "nfeProc" else None
    nfe = nfe_values.present(proc.NFe if proc else bound, "NFe")
    protocol = proc.protNFe.infProt if proc and proc.protNFe else None
    return nfe_values.present(nfe.infNFe, "infNFe"), protocol


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
