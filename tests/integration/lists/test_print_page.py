"""An entry on paper: revisions, decisions, postings, every record with its hash, and whether the chain holds."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from integration.pages.world import VERDICT, World

from alcada.history import queries as history
from alcada.intake.models import Entry
from alcada.people.models import User

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def test_all_that_an_auditor_asks_for_is_on_it(world: World, as_: Sign) -> None:
    entry = world.posted(description="Papel A4")
    posting = world.posting(entry)
    page = as_(world.bruno).get(f"/entries/{entry.pk}/print").content.decode()
    current = Entry.objects.get(pk=entry.pk).current
    assert current
    for told in (
        "Papel A4",
        "R$\xa01,234.56",
        "11.222.333/0001-81",
        current.content_hash,
        "Bruno Lima",
        posting.reference,
        posting.remote_event_id,
        posting.remote_instalment_ids[0],
        "The chain holds",
        "saw revision 1",
    ):
        assert told in page, told
    for record in history.of(entry):
        if record.event != "posting.outcome":  # told in its attempt's line
            assert record.hash in page, record.event


def test_every_revision_and_what_each_changed(world: World, as_: Sign) -> None:
    entry = world.submitted(amount="100,00")
    world.decided(entry, world.bruno, VERDICT.SEND_BACK, comment="Falta a nota")
    from alcada.flow import actions as flow
    from alcada.intake import actions as intake

    again = Entry.objects.get(pk=entry.pk)
    intake.save_draft(again, by=world.ana, draft=world.draft(amount="200,00"))
    flow.submit(Entry.objects.get(pk=entry.pk), by=world.ana)
    page = as_(world.clara).get(f"/entries/{entry.pk}/print").content.decode()
    assert "Revision 1" in page
    assert "Revision 2" in page
    assert "Falta a nota" in page
    assert "R$\xa0100.00" in page
    assert "R$\xa0200.00" in page


def test_a_broken_chain_is_said(world: World, as_: Sign) -> None:
    entry = world.submitted()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE history_record SET actor_name = 'Ninguém' WHERE event = 'entry.submitted'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    page = as_(world.bruno).get(f"/entries/{entry.pk}/print").content.decode()
    assert "The chain is broken" in page


def test_who_may_not_see_the_entry_prints_nothing(world: World, as_: Sign, carla: User) -> None:
    entry = world.submitted()
    assert as_(carla).get(f"/entries/{entry.pk}/print").status_code == 404


def test_an_nfe_is_text_beside_the_fields(world: World, as_: Sign, carla: User) -> None:
    from pathlib import Path

    from django.core.files.uploadedfile import SimpleUploadedFile

    from alcada.intake import actions as intake

    sample = Path(__file__).parents[3] / "src/alcada/config/samples/nfe-papelaria.xml"
    entry = world.typed()
    upload = SimpleUploadedFile("nota.xml", sample.read_bytes(), content_type="text/xml")
    document = intake.add_document(entry, by=world.ana, upload=upload)
    from alcada.flow import actions as flow

    flow.submit(entry, by=world.ana)
    page = as_(world.bruno).get(f"/entries/{entry.pk}").content.decode()
    assert f"/entries/{entry.pk}/documents/{document.pk}/text" in page
    assert "desk-beside" in page
    text = as_(world.bruno).get(f"/entries/{entry.pk}/documents/{document.pk}/text").content.decode()
    assert "Issuer" in text
    assert "Access key" in text
    assert as_(carla).get(f"/entries/{entry.pk}/documents/{document.pk}/text").status_code == 404
