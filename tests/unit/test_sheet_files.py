"""Files as people and attackers send them: read as rows, or refused by a code; never evaluated, memory bounded."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from alcada.intake.sheets.columns import COLUMNS
from alcada.sheets import workbook
from alcada.sheets.errors import SheetError
from alcada.sheets.reading import Sheet, read

HEADER = ["Fornecedor", "CNPJ", "Valor", "Vencimento", "Descrição"]
LINE = ["Padaria São João", "11222333000181", "1.234,56", "31/12/2026", "Pão"]


def opened(data: bytes, most_lines: int = 1000, sheet: str = "") -> Sheet:
    return read(data, COLUMNS, most_lines=most_lines, sheet=sheet)


def rows(data: bytes) -> list[tuple[int, list[Any]]]:
    return list(opened(data).rows)


def csv(*lines: list[str], mark: str = ";") -> str:
    return "".join(
        mark.join(f'"{cell}"' if mark in cell else cell for cell in line) + "\r\n" for line in lines
    )


def xlsx(*lines: list[Any], fill: Callable[[Any], None] | None = None, **more: list[list[Any]]) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for line in lines:
        sheet.append(line)
    if fill:
        fill(sheet)
    for name, others in more.items():
        other: Any = book.create_sheet(name)
        for line in others:
            other.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def code(data: bytes, **more: Any) -> str:
    with pytest.raises(SheetError) as refused:
        list(opened(data, **more).rows)
    return refused.value.code


def repacked(data: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    """The workbook with its parts changed: what no program writes and somebody may send."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
        for name, content in added.items():
            new.writestr(name, content)
    return out.getvalue()


def excel(strings: str, rows: str) -> bytes:
    """As Excel itself writes it: texts in a part of their own, values of formulas beside them."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    told = {
        "worksheet": "worksheets/sheet1.xml",
        "styles": "styles.xml",
        "sharedStrings": "sharedStrings.xml",
    }
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/{part}" ContentType="{kinds}.{name}+xml"/>'
            for name, part in told.items()
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{office}/{name}" Target="{part}"/>'
            for number, (name, part) in enumerate(told.items(), start=1)
        )
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Plan1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2">'
        '<xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{content}')
    return out.getvalue()


EXCELS = excel(
    "".join(f"<si><t>{text}</t></si>" for text in ("Fornecedor", "Valor", "Vencimento"))
    + "<si><r><t>Padaria </t></r><r><rPr><b/></rPr><t>São João</t></r></si>",
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'
    '<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2"><f>2*5.15</f><v>10.3</v></c>'
    '<c r="C2" s="1"><v>46387</v></c></row>'
    '<row r="3"><c r="A3" t="str"><f>A2</f><v>Padaria</v></c><c r="B3"><f>SUM(B2)</f></c>'
    '<c r="C3" t="e"><v>#N/A</v></c></row>',
)


# --- CSV -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [";", ",", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_reads_a_csv_in_whatever_it_was_saved(mark: str, encoding: str) -> None:
    found = opened(csv(HEADER, LINE, mark=mark).encode(encoding))
    assert found.headers == HEADER
    assert list(found.rows) == [(2, LINE)]


def test_a_title_above_the_header_and_a_line_for_excel_are_passed_over() -> None:
    text = "sep=;\r\nContas de dezembro;;;;\r\n\r\n" + csv(HEADER, LINE)
    found = opened(text.encode())
    assert (found.headers, list(found.rows)) == (HEADER, [(5, LINE)])


def test_an_emoji_and_quotes_are_text() -> None:
    line = ["Café ☕ da Márcia", "", "10", "01/01/2027", "um dia"]
    assert rows(csv(HEADER, line).encode()) == [(2, line)]


def test_a_nul_is_a_problem_of_its_cell_alone() -> None:
    bad = csv(HEADER, LINE, ["Bar\x00do Zé", *LINE[1:]])
    (first, second) = rows(bad.encode())
    assert first == (2, LINE)
    assert second[1][0] == {"wrong": "nul"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "not_text"),
        (b"%PDF-1.4\n%\xe2\xe3\x01\xff", "not_text"),
        (csv(HEADER).encode(), "no_lines"),
        (csv(HEADER, ["", "", "", "", ""]).encode(), "no_lines"),
        (b'Fornecedor;Valor\r\n"sem fim;10\r\n', "broken"),
        (f"Fornecedor;Valor\r\n{'x' * 5000};10\r\n".encode(), "broken"),
        (f"Fornecedor;Valor\r\n{'x' * 200_000};10\r\n".encode(), "broken"),
        (";".join(f"c{i}" for i in range(300)).encode() + b"\r\n1\r\n", "too_many_columns"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, expected: str) -> None:
    assert code(data) == expected


def test_more_lines_than_the_limit_are_refused() -> None:
    assert code(csv(HEADER, *[LINE] * 11).encode(), most_lines=10) == "too_many_lines"


# --- Workbooks -----------------------------------------------------------------------------------------------------


def test_a_workbook_gives_texts_numbers_and_days() -> None:
    data = xlsx(
        HEADER,
        ["Café ☕", 11222333000181, 1234.56, date(2026, 12, 31), datetime(2026, 1, 2, 3, 4)],  # noqa: DTZ001
        ["Bar", "011.222", 10, 46387, True],
    )
    assert rows(data) == [
        (2, ["Café ☕", 11222333000181, 1234.56, "2026-12-31", "2026-01-02"]),
        (3, ["Bar", "011.222", 10, 46387, "true"]),
    ]


def test_a_formula_is_its_value_and_without_one_it_says_so() -> None:
    data = xlsx(HEADER, ["Bar", "", "=2+2", "01/01/2027", "ok"], ["Bar", "", "=A1", "01/01/2027", "ok"])

    def counted(name: str, content: bytes) -> bytes:
        return content.replace(b"<f>2+2</f><v></v>", b"<f>2+2</f><v>4</v>").replace(
            b"<f>2+2</f><v />", b"<f>2+2</f><v>4</v>"
        )

    (first, second) = rows(repacked(data, counted))
    assert first[1][2] == 4
    assert second[1][2] == {"wrong": "formula"}


def test_reads_what_excel_itself_writes() -> None:
    found = opened(EXCELS)
    assert found.headers == ["Fornecedor", "Valor", "Vencimento"]
    assert list(found.rows) == [
        (2, ["Padaria São João", 10.3, "2026-12-31"]),
        (3, ["Padaria", {"wrong": "formula"}, {"wrong": "error", "text": "#N/A"}]),
    ]


def test_a_heap_of_texts_is_refused_before_it_is_read() -> None:
    texts = "<si><t/></si>" * 2_100_000
    refused, memory = measured(excel(texts, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'))
    assert (refused, memory < 30 * 1024 * 1024) == ("bomb", True)


def test_an_error_in_a_cell_says_so() -> None:
    def fill(sheet: Any) -> None:
        sheet["C2"] = "#REF!"
        sheet["C2"].data_type = "e"

    ((_number, cells),) = rows(xlsx(HEADER, LINE, fill=fill))
    assert cells[2] == {"wrong": "error", "text": "#REF!"}


def test_hidden_sheets_are_not_read_and_others_are_named() -> None:
    book = Workbook()
    hidden: Any = book.active
    hidden.title, hidden.sheet_state = "Segredo", "hidden"
    hidden.append(HEADER)
    hidden.append(["Escondido", "", "1", "01/01/2027", ""])
    for name in ("Vazia", "Dezembro", "Janeiro"):
        sheet: Any = book.create_sheet(name)
        if name != "Vazia":
            sheet.append(HEADER)
            sheet.append([name, *LINE[1:]])
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    found = opened(out.getvalue())
    assert (found.name, found.others) == ("Dezembro", ["Vazia", "Janeiro"])
    assert [cells[0] for _number, cells in found.rows] == ["Dezembro"]
    assert [cells[0] for _number, cells in opened(out.getvalue(), sheet="Janeiro").rows] == ["Janeiro"]


def test_merged_cells_are_told_once_all_was_read() -> None:
    found = opened(xlsx(HEADER, LINE, LINE, fill=lambda sheet: sheet.merge_cells("A2:A3")))
    assert [cells[0] for _number, cells in found.rows] == [LINE[0], ""]
    assert found.merged == [(2, 3, 1, 1)]


def test_ten_thousand_empty_rows_and_columns_are_nothing() -> None:
    def fill(sheet: Any) -> None:
        for number in range(3, 10_003):
            sheet.cell(number, 1).number_format = "0.00"
        for number in range(6, 10_006):
            sheet.cell(2, number).number_format = "0.00"
        sheet.cell(20_000, 3).number_format = "0.00"

    found = opened(xlsx(HEADER, LINE, fill=fill), most_lines=5)
    assert (found.headers, list(found.rows)) == (HEADER, [(2, LINE)])


def test_a_sheet_that_says_to_be_larger_than_any_is_no_larger() -> None:
    def lies(name: str, content: bytes) -> bytes:
        return content.replace(b'<dimension ref="A1:E2"', b'<dimension ref="A1:XFD1048576"')

    assert rows(repacked(xlsx(HEADER, LINE), lies)) == [(2, LINE)]


def test_a_row_beyond_excels_last_is_refused() -> None:
    def lies(name: str, content: bytes) -> bytes:
        return content.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'r="A2"', b'r="A99999999999"')

    assert code(repacked(xlsx(HEADER, LINE), lies)) == "broken"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_workbook"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "protected"),
        (b"PK\x03\x04 and nothing more", "broken"),
    ],
)
def test_other_kinds_are_refused_with_the_way_out(data: bytes, expected: str) -> None:
    assert code(data) == expected


def same(_name: str, content: bytes) -> bytes:
    return content


def test_macros_other_spreadsheets_and_plain_archives_are_refused() -> None:
    good = xlsx(HEADER, LINE)
    assert code(repacked(good, same, **{"xl/vbaProject.bin": b"x"})) == "macros"

    def enabled(name: str, content: bytes) -> bytes:
        return content.replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")

    assert code(repacked(good, enabled)) == "macros"
    assert (
        code(repacked(good, same, mimetype=b"application/vnd.oasis.opendocument.spreadsheet"))
        == "other_workbook"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("contas.csv", csv(HEADER, LINE))
    assert code(out.getvalue()) == "broken"


def measured(data: bytes) -> tuple[str, int]:
    """How it is refused, and how much memory that took beside the file itself."""
    tracemalloc.start()
    try:
        return code(data), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = b"0" * (workbook.MOST_UNPACKED // 4)
    parts = {f"xl/worksheets/sheet{number}.xml": zeros for number in range(2, 6)}
    bomb = repacked(xlsx(HEADER, LINE), same, **parts)
    assert len(bomb) < 2 * 1024 * 1024
    refused, memory = measured(bomb)
    assert (refused, memory < 8 * 1024 * 1024) == ("bomb", True)


def test_a_heap_of_xml_outside_of_rows_is_refused_on_the_way() -> None:
    def heaped(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return content
        return content.replace(b"</row>", b"<c/>" * 3_000_000 + b"</row>", 1)

    assert code(repacked(xlsx(HEADER, LINE), heaped)) == "bomb"


def test_too_many_parts_are_refused() -> None:
    parts = {f"xl/media/{number}.png": b"" for number in range(workbook.MOST_PARTS)}
    assert code(repacked(xlsx(HEADER, LINE), same, **parts)) == "bomb"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_entities_are_never_expanded_or_fetched(part: str) -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'

    def declared(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        head, mark, rest = content.partition(b"?>")
        return head + mark + entities + rest if mark else entities + content

    assert code(repacked(EXCELS, declared)) == "broken"


def test_a_workbook_cut_short_is_broken() -> None:
    data = xlsx(HEADER, *[LINE] * 100)
    assert code(data[: len(data) // 2]) == "broken"

    def cut(name: str, content: bytes) -> bytes:
        return content[: len(content) // 2] if name == "xl/worksheets/sheet1.xml" else content

    assert code(repacked(data, cut)) == "broken"
