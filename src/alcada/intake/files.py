"""What may come in as a file: PDF, PNG, JPEG, WebP and XML, known by their bytes. Pure: no database, no disk.

WebP is among them because phones and WhatsApp save pictures so; XML because an NF-e is kept beside the entry
that it made. SVG, HTML and whatever else runs or embeds script is refused. A PDF may carry JavaScript too:
nothing here executes or renders one, and whoever serves a stored file answers for headers that keep a browser
from doing more than show it (`nosniff`, a sandboxing content policy; XML only as a download).
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from lxml import etree

MAX_BYTES: Final = 10 * 1024 * 1024
# XML is read into a tree, several times the file's size in memory. The largest NF-e (990 items) is smaller.
MAX_XML_BYTES: Final = 5 * 1024 * 1024
# An NF-e is nine levels deep, its signature included.
MAX_XML_DEPTH: Final = 32
# An NF-e of 990 items has some 100,000 elements; a tree of a million takes half a gigabyte.
MAX_XML_ELEMENTS: Final = 150_000
MAX_NAME: Final = 120

SENTENCES: Final[Mapping[str, Promise]] = {
    "empty": _("This file is empty."),
    "too_large": _("This file is larger than %(limit)s MB."),
    "type_not_allowed": _("Only PDF, PNG, JPEG, WebP and XML files can be added."),
    "no_extension": _("This file's name has no ending. Rename it so that it ends in .%(expected)s."),
    "wrong_extension": _("This file's name ends in .%(extension)s, but it is a %(type)s file."),
    "archive": _("This is a ZIP archive or an Office file. Extract it, or save it as a PDF, and send that."),
    "heic": _("This is an iPhone picture (HEIC), which most browsers can't show. Send it as JPEG."),
    "html": _("This is a web page, not a document. Print it to a PDF and send that."),
    "svg": _("SVG drawings may carry scripts. Send it as PDF or PNG."),
    "executable": _("This file is a program. Programs are never accepted."),
    "active_xml": _("This XML carries a style sheet or web content, which could run in a browser."),
    "dtd": _(
        "This XML declares a document type or entities, which no fiscal document does. It was not read."
    ),
    "encoding": _("The characters of this XML can't be read. It has to be UTF-8, as it left the issuer."),
    "too_deep": _("This XML is nested more deeply than any fiscal document. It was not read."),
    "too_many_parts": _("This XML has more parts than any fiscal document. It was not read."),
    "broken_xml": _("This XML is broken or cut short (line %(line)s). Download it again from where it came."),
}


class UploadError(ValueError):
    """This file can't be taken. `code` is stable; `message` is the sentence in the language in use."""

    sentences: ClassVar[Mapping[str, Promise]] = SENTENCES

    def __init__(self, code: str, **context: object) -> None:
        super().__init__(code)
        self.code = code
        self.context = context

    @property
    def message(self) -> str:
        return str(self.sentences[self.code]) % self.context


class Readable(Protocol):
    """What we need of a stream: Django's uploaded files and open binary files have it."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class CheckedFile:
    """A file that may be kept. `name` is for display only; the bytes are stored under `sha256`."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class _Type:
    label: str
    content_type: str
    extensions: tuple[str, ...]


_ALLOWED: Final = {
    "pdf": _Type("PDF", "application/pdf", ("pdf",)),
    "png": _Type("PNG", "image/png", ("png",)),
    "jpeg": _Type("JPEG", "image/jpeg", ("jpg", "jpeg", "jfif")),
    "webp": _Type("WebP", "image/webp", ("webp",)),
    "xml": _Type("XML", "application/xml", ("xml",)),
}


def read_limited(stream: Readable, limit: int = MAX_BYTES, refuse: type[UploadError] = UploadError) -> bytes:
    """The stream's bytes, of which at most `limit` + 1 are ever read. Raises `refuse`("too_large")."""
    data = b""
    while len(data) <= limit and (chunk := stream.read(limit + 1 - len(data))):
        data += chunk
    if len(data) > limit:
        raise refuse("too_large", limit=limit // (1024 * 1024))
    return data


def check_upload(name: str, stream: Readable) -> CheckedFile:
    """The file, if it is of an allowed type, its name says the same, and it is not too large.

    Raises UploadError: a code of `SENTENCES`.
    """
    data = read_limited(stream)
    kind = sniff(data)
    if kind not in _ALLOWED:
        raise UploadError(kind if kind in SENTENCES else "type_not_allowed")
    known = _ALLOWED[kind]
    shown = safe_name(name)
    _check_extension(shown, known)
    if kind == "xml":
        _check_xml(data)
    return CheckedFile(shown, known.content_type, len(data), hashlib.sha256(data).hexdigest(), data)


def _check_extension(name: str, known: _Type) -> None:
    """Bytes and name must agree: a reader goes by the name, a browser may go by either."""
    stem, dot, extension = name.rpartition(".")
    if not (stem and dot):
        raise UploadError("no_extension", expected=known.extensions[0])
    if extension.lower() not in known.extensions:
        raise UploadError("wrong_extension", extension=extension, type=known.label)


def safe_name(name: str) -> str:
    """A name to show: no folders, nothing invisible or that turns the reading direction, at most 120
    characters.

    "boleto\\u202efdp.exe" would read "boletoexe.pdf": such marks (Unicode category C) are dropped. Never
    empty.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(" " if c.isspace() else c for c in last)
    visible = "".join(c for c in visible if unicodedata.category(c)[0] != "C")
    plain = " ".join(visible.split()).lstrip(". ") or "document"
    if len(plain) <= MAX_NAME:
        return plain
    stem, dot, extension = plain.rpartition(".")
    ending = dot + extension if stem and len(extension) <= 10 else ""
    return plain[: MAX_NAME - len(ending) - 1] + "…" + ending


_MAGIC: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\xd0\xcf\x11\xe0", "archive"),  # Office before 2007
    (b"MZ", "executable"),
    (b"\x7fELF", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"#!", "executable"),
)
_HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")
_HTML: Final = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe)\b", re.IGNORECASE)
_SVG: Final = re.compile(rb"<(!doctype\s+)?([a-z]+:)?svg\b", re.IGNORECASE)


def sniff(data: bytes) -> str:
    """What the bytes are: a key of the allowed types, a code that says why not, or "unknown"."""
    if not data.strip():
        return "empty"
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "heic"
    return _sniff_markup(_without_bom(data)[:1024])


def _sniff_markup(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "encoding"
    if not head.startswith(b"<"):
        return "unknown"
    if _HTML.match(head):
        return "html"
    return "svg" if _SVG.search(head) else "xml"


def _without_bom(data: bytes) -> bytes:
    """Without a UTF-8 byte order mark and the blank lines that mail programs put before XML."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()


# Encodings that issuers' programs have been seen to use; the layout itself wants UTF-8.
_ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,60}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def parse_xml(data: bytes, refuse: type[UploadError] = UploadError) -> etree._Element:
    """The root element, comments and processing instructions left out, and nothing fetched or expanded.

    Raises `refuse`: "too_large", "encoding", "dtd", "too_many_parts", "too_deep", "broken_xml".
    """
    if len(data) > MAX_XML_BYTES:
        raise refuse("too_large", limit=MAX_XML_BYTES // (1024 * 1024))
    data = _without_bom(data)
    _check_encoding(data, refuse)
    # Searched for before anything is parsed: in these encodings a declaration can't be spelled otherwise.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise refuse("dtd")
    if data.count(b"<") > 2 * MAX_XML_ELEMENTS:  # a beginning and an end each
        raise refuse("too_many_parts")
    try:
        root = etree.fromstring(data, _hardened_parser())
    except etree.XMLSyntaxError as error:
        code = "too_deep" if "depth" in str(error) else "broken_xml"
        raise refuse(code, line=error.lineno) from error
    _check_depth(root, refuse)
    return root


def _hardened_parser() -> etree.XMLParser:
    """One for each reading: no entities, no document type, no network, libxml2's own limits on."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _check_encoding(data: bytes, refuse: type[UploadError]) -> None:
    declared = _DECLARED.match(data)
    name = declared[1].decode().lower() if declared else "utf-8"
    if name not in _ENCODINGS or b"\x00" in data[:4]:
        raise refuse("encoding")
    try:
        data.decode(name)
    except UnicodeDecodeError as error:
        raise refuse("encoding") from error


def _check_depth(root: etree._Element, refuse: type[UploadError]) -> None:
    depth = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_XML_DEPTH:
            raise refuse("too_deep")


_ACTIVE_NAMESPACES: Final = (
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/XSL/Transform",
)


def _check_xml(data: bytes) -> None:
    """XML that a browser would only show: no style sheet to run, no element of a web page."""
    root = parse_xml(data)
    if b"<?xml-stylesheet" in data or any(
        etree.QName(element).namespace in _ACTIVE_NAMESPACES for element in _elements(root)
    ):
        raise UploadError("active_xml")


def _elements(root: etree._Element) -> Any:
    return root.iter(etree.Element)
