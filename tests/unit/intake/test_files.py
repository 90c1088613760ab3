"""What may be added to an entry, and the sentence for each thing that may not."""

import hashlib
import io
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from alcada.intake.files import (
    MAX_BYTES,
    MAX_NAME,
    SENTENCES,
    UploadError,
    check_upload,
    parse_xml,
    read_limited,
    safe_name,
)

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "
XML = b'<?xml version="1.0" encoding="UTF-8"?><boleto><valor>1,00</valor></boleto>'


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def refusal(name: str, data: bytes) -> UploadError:
    with pytest.raises(UploadError) as refused:
        check_upload(name, io.BytesIO(data))
    assert "%(" not in refused.value.message
    return refused.value


@pytest.mark.parametrize(
    ("name", "data", "content_type"),
    [
        ("boleto.pdf", PDF, "application/pdf"),
        ("BOLETO.PDF", PDF, "application/pdf"),
        ("foto.png", PNG, "image/png"),
        ("foto.jpeg", JPEG, "image/jpeg"),
        ("foto.jfif", JPEG, "image/jpeg"),
        ("foto.webp", WEBP, "image/webp"),
        ("nota.xml", XML, "application/xml"),
        ("nota.xml", b"\xef\xbb\xbf\r\n" + XML, "application/xml"),
    ],
)
def test_allowed(name: str, data: bytes, content_type: str) -> None:
    checked = check_upload(name, io.BytesIO(data))
    assert (checked.name, checked.content_type, checked.size) == (name, content_type, len(data))
    assert checked.sha256 == hashlib.sha256(data).hexdigest()
    assert checked.content == data


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"", "empty"),
        ("a.pdf", b" \r\n", "empty"),
        ("a.txt", b"hello", "type_not_allowed"),
        ("a.gif", b"GIF89a", "type_not_allowed"),
        ("a.pdf", b"\n\n" + PDF, "type_not_allowed"),
        ("a", PDF, "no_extension"),
        (".pdf", PDF, "no_extension"),
        ("a.exe", PDF, "wrong_extension"),
        ("a.pdf", PNG, "wrong_extension"),
        ("a.pdf.exe", PDF, "wrong_extension"),
        ("boleto\u202efdp.exe", PDF, "wrong_extension"),
        ("a.docx", b"PK\x03\x04", "archive"),
        ("a.pdf", b"\x1f\x8b\x08", "archive"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "heic"),
        ("a.pdf", b"<!DOCTYPE html><html>", "html"),
        ("a.xml", b"\xef\xbb\xbf <HTML>", "html"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        ("a.xml", b"<?xml version='1.0'?><svg/>", "svg"),
        ("a.xml", b"<a><b:script xmlns:b='http://www.w3.org/1999/xhtml'/></a>", "active_xml"),
        ("a.xml", b"<?xml-stylesheet href='x.xsl' type='text/xsl'?><a/>", "active_xml"),
        ("a.xml", b"<a><b></a>", "broken_xml"),
        ("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "dtd"),
        ("a.xml", "<a/>".encode("utf-16"), "encoding"),
        ("a.pdf", b"MZ\x90\x00", "executable"),
        ("a.pdf", b"\x7fELF", "executable"),
        ("a.pdf", b"#!/bin/sh", "executable"),
    ],
)
def test_refused(name: str, data: bytes, code: str) -> None:
    assert refusal(name, data).code == code


def test_sentences_name_what_is_wrong() -> None:
    assert refusal("a.exe", PDF).message == "This file's name ends in .exe, but it is a PDF file."
    assert refusal("a.xml", b"<a>\n<b></a>").message.startswith("This XML is broken or cut short (line 2).")


class Endless:
    """A stream that would fill the memory, and counts what was taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        chunk = min(size, 64 * 1024)
        self.taken += chunk
        return b"%PDF-" + b"x" * (chunk - 5)


def test_a_large_file_is_not_read_to_its_end() -> None:
    stream = Endless()
    with pytest.raises(UploadError, match="too_large") as refused:
        check_upload("a.pdf", stream)
    assert stream.taken <= MAX_BYTES + 64 * 1024
    assert refused.value.message == "This file is larger than 10 MB."


def test_exactly_the_limit_is_taken() -> None:
    assert read_limited(io.BytesIO(b"12345"), 5) == b"12345"
    with pytest.raises(UploadError, match="too_large"):
        read_limited(io.BytesIO(b"123456"), 5)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("nota.xml", "nota.xml"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Ana\\Nota fiscal.pdf", "Nota fiscal.pdf"),
        ("  duas \t partes .pdf", "duas partes .pdf"),
        ("boleto\u202efdp.exe", "boletofdp.exe"),
        ("a\x00b\r\n.pdf", "ab .pdf"),
        ("..hidden.pdf", "hidden.pdf"),
        ("", "document"),
        ("/", "document"),
        ("Açaí & Cia.pdf", "Açaí & Cia.pdf"),
    ],
)
def test_names_are_safe_to_show(name: str, shown: str) -> None:
    assert safe_name(name) == shown


@given(st.text(max_size=400))
def test_any_name_is_safe_to_show(name: str) -> None:
    shown = safe_name(name)
    assert 0 < len(shown) <= MAX_NAME
    assert not set(shown) & set("/\\\n\r\0\u202e\u200b\ufeff")


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 500 + ".pdf").endswith("x….pdf")


def test_latin_1_that_says_so_is_read() -> None:
    root = parse_xml('<?xml version="1.0" encoding="ISO-8859-1"?><a>São</a>'.encode("latin-1"))
    assert root.text == "São"


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused_with_a_sentence(data: bytes) -> None:
    try:
        check_upload("a.xml", io.BytesIO(data))
    except UploadError as refused:
        assert refused.message  # noqa: PT017


def test_every_sentence_has_its_code_only_once() -> None:
    assert len({str(sentence) for sentence in SENTENCES.values()}) == len(SENTENCES)
