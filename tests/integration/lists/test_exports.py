"""The list as a file: right in both formats and languages, harmless in a spreadsheet, and for who asked alone."""

import csv
import io
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from cast import make_person
from django.test import Client
from django.utils import timezone
from integration.pages.world import World

from alcada.flow import exporting
from alcada.history.models import Record
from alcada.intake.models import Entry, Export
from alcada.people.models import Company, Membership, User

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def export(client: Client, format: str, **filters: str) -> Export:
    """Ask as the page does, and have the worker's part done."""
    answer = client.post("/entries/exports/new", {"format": format, **filters})
    assert answer.status_code == 302
    made = Export.objects.latest("pk")
    exporting.run(made.pk)
    made.refresh_from_db()
    return made


def content(client: Client, made: Export) -> bytes:
    answer = client.get(f"/entries/exports/{made.pk}/download")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_a_portuguese_csv_opens_in_a_brazilian_spreadsheet(world: World, as_: Sign) -> None:
    world.posted(description="Papel A4")
    world.typed(amount="99,90", description="Tinta")
    bruno = as_(world.bruno)
    bruno.cookies["django_language"] = "pt-br"
    data = content(bruno, export(bruno, "csv"))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert [row["Número"] for row in rows] == ["2", "1"]
    assert rows[1]["Valor"] == "1.234,56"
    assert rows[0]["Valor"] == "99,90"
    assert rows[1]["CPF/CNPJ"] == "11.222.333/0001-81"
    assert rows[1]["Primeiro vencimento"] == f"{timezone.localdate() + timedelta(days=10):%d/%m/%Y}"
    assert rows[1]["ID no Conta Azul"] == f"evt-{Entry.objects.get(number=1).pk}"


def test_an_english_csv_has_commas_and_points(world: World, as_: Sign) -> None:
    world.posted()
    data = content(as_(world.bruno), export(as_(world.bruno), "csv")).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(data)))
    assert (row["Number"], row["Value"], row["State"]) == ("1", "1234.56", "Posted")


def test_a_workbook_has_numbers_and_dates(world: World, as_: Sign) -> None:
    world.posted()
    book = openpyxl.load_workbook(io.BytesIO(content(as_(world.bruno), export(as_(world.bruno), "xlsx"))))
    heads, line = list(book.active.iter_rows(values_only=True))
    row = dict(zip(heads, line, strict=True))
    assert Decimal(str(row["Value"])) == Decimal("1234.56")
    assert row["First due date"].date() == timezone.localdate() + timedelta(days=10)
    assert isinstance(row["First due date"], date)
    assert row["Number"] == 1


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("evil", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_no_cell_is_a_formula(world: World, as_: Sign, format: str, evil: str) -> None:
    world.typed(party="", party_name=evil, description=evil)
    data = content(as_(world.bruno), export(as_(world.bruno), format))
    if format == "csv":
        cells = next(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        assert cells["Description"].startswith("'")
        return
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert any(str(cell.value).startswith("'") for cell in sheet[2])


def test_it_holds_what_the_list_shows(world: World, as_: Sign) -> None:
    world.posted(description="Papel")
    world.submitted(description="Tinta")
    data = content(as_(world.bruno), export(as_(world.bruno), "csv", q="tinta", sort="due")).decode()
    assert "Tinta" in data
    assert "Papel," not in data


def test_only_who_asked_sees_and_downloads_it(world: World, as_: Sign, carla: User) -> None:
    world.posted()
    made = export(as_(world.bruno), "csv")
    for other in (world.clara, world.ana, carla):
        for page in ("", "/progress", "/download"):
            assert as_(other).get(f"/entries/exports/{made.pk}{page}").status_code == 404
    assert as_(world.bruno).get(f"/entries/exports/{made.pk}").status_code == 200


def test_it_holds_what_the_person_may_see_when_it_is_made(world: World, as_: Sign, company: Company) -> None:
    world.posted(description="Papel da Ana")
    dora = make_person("Dora Pinto", company, "requester")
    world.ana = dora
    world.submitted(description="Papel da Dora")
    data = content(as_(dora), export(as_(dora), "csv", company=str(company.pk))).decode()
    assert "Papel da Dora" in data
    assert "Papel da Ana" not in data


def test_a_role_lost_before_the_worker_came_leaves_nothing_in_it(world: World, as_: Sign) -> None:
    world.posted()
    as_(world.bruno).post("/entries/exports/new", {"format": "csv"})
    Membership.objects.filter(user=world.bruno).delete()
    made = Export.objects.get()
    exporting.run(made.pk)
    assert len(exporting.path_of(Export.objects.get()).read_bytes().splitlines()) == 1


def test_a_role_lost_after_it_keeps_the_file_shut(world: World, as_: Sign) -> None:
    world.posted()
    made = export(as_(world.bruno), "csv")
    Membership.objects.filter(user=world.bruno, company=world.company).update(role="requester")
    assert as_(world.bruno).get(f"/entries/exports/{made.pk}/download").status_code == 403


def test_history_records_who_took_what(world: World, as_: Sign) -> None:
    world.posted()
    made = export(as_(world.bruno), "xlsx", q="11.222.333/0001-81")
    record = Record.objects.get(event="entries.exported")
    assert record.actor == world.bruno
    assert (record.chain.kind, record.chain.key) == ("people.company", world.company.pk)
    assert record.data["export"] == made.pk
    assert record.data["entries"] == 1
    assert "222.333" not in str(record.data)


def test_a_second_worker_makes_nothing_twice(world: World, as_: Sign) -> None:
    world.posted()
    made = export(as_(world.bruno), "csv")
    before = made.file
    exporting.run(made.pk)
    made.refresh_from_db()
    assert made.file == before
    assert Record.objects.filter(event="entries.exported").count() == 1


def test_what_a_dead_worker_left_is_begun_again(world: World, as_: Sign) -> None:
    world.posted()
    as_(world.bruno).post("/entries/exports/new", {"format": "csv"})
    made = Export.objects.get()
    long_ago = timezone.now() - timedelta(minutes=5)
    Export.objects.update(state="running", file="dead", beat_at=long_ago)
    half = exporting.path_of(Export.objects.get())
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_text("half of it")
    exporting.run(made.pk)
    made.refresh_from_db()
    assert not half.exists()
    assert (made.state, made.done) == ("done", 1)
    Export.objects.update(state="running", beat_at=timezone.now())
    exporting.run(made.pk)  # somebody is at it
    assert Export.objects.get().state == "running"


def test_a_file_goes_after_its_days(world: World, as_: Sign) -> None:
    world.posted()
    made = export(as_(world.bruno), "csv")
    path = exporting.path_of(made)
    assert path.exists()
    assert oct(path.stat().st_mode)[-3:] == "600"
    Export.objects.update(finished_at=timezone.now() - exporting.KEPT - timedelta(minutes=1))
    exporting.sweep()
    assert not path.exists()
    assert as_(world.bruno).get(f"/entries/exports/{made.pk}/download").status_code == 404
    assert "Its days are over" in as_(world.bruno).get(f"/entries/exports/{made.pk}").content.decode()


def test_nobody_fills_the_queue(world: World, as_: Sign) -> None:
    for _ in range(exporting.MOST + 2):
        as_(world.bruno).post("/entries/exports/new", {"format": "csv"})
    assert Export.objects.count() == exporting.MOST


def test_the_page_follows_and_ends_by_itself(world: World, as_: Sign) -> None:
    world.posted()
    bruno = as_(world.bruno)
    page = bruno.get(
        bruno.post("/entries/exports/new", {"format": "csv"}).headers["Location"]
    ).content.decode()
    made = Export.objects.get()
    assert f'hx-get="/entries/exports/{made.pk}/progress"' in page
    assert "HX-Refresh" not in bruno.get(f"/entries/exports/{made.pk}/progress").headers
    Export.objects.update(state="running", done=40, total=100)
    page = bruno.get(f"/entries/exports/{made.pk}/progress").content.decode()
    assert "40 of 100 entries are written" in page
    Export.objects.update(state="queued")
    exporting.run(made.pk)
    assert bruno.get(f"/entries/exports/{made.pk}/progress").headers["HX-Refresh"] == "true"
    assert "Download" in bruno.get(f"/entries/exports/{made.pk}").content.decode()


def test_a_get_exports_nothing(world: World, as_: Sign) -> None:
    assert as_(world.bruno).get("/entries/exports/new?format=csv").status_code == 405
    assert not Export.objects.exists()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_lines(
    world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """The same lines again and again, written as many: what is written leaves memory."""
    world.posted()
    one = [Entry.objects.get().pk]

    def peak(batches: int) -> int:
        monkeypatch.setattr(exporting, "_batches", lambda *_: iter([one * 50] * batches))
        tracemalloc.start()
        made = export(as_(world.bruno), format)
        assert made.done == 50 * batches
        used: Any = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return int(used)

    peak(2)  # what is loaded once
    assert peak(40) < peak(4) * 1.5 + 500_000
