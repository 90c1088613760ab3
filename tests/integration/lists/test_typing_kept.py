"""Nothing typed is lost: two people at one draft, a session that ends while the form is open, names nobody expects."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from integration.pages.world import World

from alcada.intake.models import Entry
from alcada.people.models import User
from alcada.web import kept

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def fields(world: World, **changes: Any) -> dict[str, str]:
    """A draft as the form sends it."""
    draft = world.draft(**changes)
    sent = {name: value for name, value in draft.items() if isinstance(value, str)}
    for rows in ("splits", "instalments"):
        for index, row in enumerate(draft[rows]):
            sent |= {f"{rows}-{index}-{name}": value for name, value in row.items()}
    return sent


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


# --- Two people, one draft ------------------------------------------------------------------------------------


def test_who_saves_second_is_told_what_changed_and_loses_nothing(world: World, as_: Sign) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    ana, clara = as_(world.ana), as_(world.clara)
    seen_by_ana = hidden(ana.get(address).content.decode(), "seen")
    seen_by_clara = hidden(clara.get(address).content.decode(), "seen")
    assert clara.post(address, fields(world, amount="900,00") | {"seen": seen_by_clara}).status_code == 302
    answer = ana.post(address, fields(world, amount="800,00", notes="urgente") | {"seen": seen_by_ana})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Clara Mendes saved this draft meanwhile" in page
    rows = {one.label: (one.theirs, one.mine) for one in answer.context["theirs"].differences}
    assert rows["Value"] == ("900,00", "800,00")
    assert rows["Notes"] == ("", "urgente")
    assert 'value="800,00"' in page  # what was typed stands in the form
    assert "urgente" in page
    entry.refresh_from_db()
    assert entry.draft["amount"] == "900,00"
    # Having seen it, the second one decides: saved once more, it is theirs that stands.
    again = fields(world, amount="800,00", notes="urgente") | {"seen": hidden(page, "seen")}
    assert ana.post(address, again).status_code == 302
    entry.refresh_from_db()
    assert (entry.draft["amount"], entry.draft["notes"], entry.draft_by) == ("800,00", "urgente", world.ana)


def test_a_small_button_does_not_forget_what_the_form_was_opened_on(world: World, as_: Sign) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    ana = as_(world.ana)
    seen = hidden(ana.get(address).content.decode(), "seen")
    as_(world.clara).post(address, fields(world, amount="900,00"))
    page = ana.post(
        address, fields(world, amount="800,00") | {"seen": seen, "do": "add-splits"}
    ).content.decode()
    assert hidden(page, "seen") == seen
    answer = ana.post(address, fields(world, amount="800,00") | {"seen": seen, "do": "submit"})
    assert answer.status_code == 409


def test_the_same_saved_twice_is_no_conflict(world: World, as_: Sign) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    ana = as_(world.ana)
    seen = hidden(ana.get(address).content.decode(), "seen")
    sent = fields(world, amount="800,00") | {"seen": seen}
    assert ana.post(address, sent).status_code == 302
    assert ana.post(address, sent).status_code == 302


def test_a_file_sent_with_a_refused_save_is_kept(world: World, as_: Sign, tmp_path: Any) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    ana = as_(world.ana)
    seen = hidden(ana.get(address).content.decode(), "seen")
    as_(world.clara).post(address, fields(world, amount="900,00"))
    pdf = SimpleUploadedFile("nota.pdf", b"%PDF-1.4\n%%EOF", content_type="application/pdf")
    answer = ana.post(address, fields(world, amount="800,00") | {"seen": seen, "documents": pdf})
    assert answer.status_code == 409
    assert entry.documents.count() == 1


# --- The session ends --------------------------------------------------------------------------------------------


def sign_in_again(client: Client, user: User, answer: Any) -> Any:
    """As a person does: the sign-in page, then where one was."""
    client.force_login(user)
    client.cookies["django_language"] = "en"
    address = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    return client.get(address)


@pytest.mark.parametrize("do", ["save", "submit", "add-splits"])
def test_a_new_form_comes_back_after_signing_in_again(world: World, as_: Sign, do: str) -> None:
    ana = as_(world.ana)
    page = ana.get("/entries/new/payable").content.decode()
    sent = fields(world, notes="digitado com calma") | {
        "company": str(world.company.pk),
        kept.FIELD: hidden(page, kept.FIELD),
        "do": do,
    }
    ana.logout()
    answer = ana.post("/entries/new/payable", sent)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=")
    back = sign_in_again(ana, world.ana, answer).content.decode()
    assert "digitado com calma" in back
    assert 'value="1.234,56"' in back
    assert "Your session had ended" in back
    assert not Entry.objects.exists()
    # Once: the next new form is empty.
    assert "digitado com calma" not in ana.get("/entries/new/payable").content.decode()


def test_a_draft_being_edited_comes_back_too(world: World, as_: Sign) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    ana = as_(world.ana)
    page = ana.get(address).content.decode()
    sent = fields(world, notes="outra vez") | {
        kept.FIELD: hidden(page, kept.FIELD),
        "seen": hidden(page, "seen"),
        "documents": SimpleUploadedFile("nota.pdf", b"%PDF-1.4", content_type="application/pdf"),
    }
    ana.logout()
    answer = ana.post(address, sent)
    as_(world.clara).post(address, fields(world, amount="900,00"))
    back = sign_in_again(ana, world.ana, answer).content.decode()
    assert "outra vez" in back
    assert "choose them again" in back  # the file
    # Who saved it meanwhile is still told of.
    assert (
        ana.post(address, fields(world, notes="outra vez") | {"seen": hidden(back, "seen")}).status_code
        == 409
    )


def test_a_correction_being_typed_comes_back_too(world: World, as_: Sign) -> None:
    entry = world.posted()
    ana, address = as_(world.ana), f"/entries/{entry.pk}/correct"
    assert ana.post(f"{address}/begin").status_code == 302
    sent = fields(world, notes="corrigindo") | {
        kept.FIELD: hidden(ana.get(address).content.decode(), kept.FIELD)
    }
    ana.logout()
    back = sign_in_again(ana, world.ana, ana.post(address, sent)).content.decode()
    assert "corrigindo" in back
    assert "Your session had ended" in back


def test_somebody_else_who_signs_in_there_gets_nothing_of_it(world: World, as_: Sign) -> None:
    ana = as_(world.ana)
    page = ana.get("/entries/new/payable").content.decode()
    sent = fields(world, notes="segredo") | {
        "company": str(world.company.pk),
        kept.FIELD: hidden(page, kept.FIELD),
    }
    ana.logout()
    answer = ana.post("/entries/new/payable", sent)
    assert "segredo" not in sign_in_again(ana, world.bruno, answer).content.decode()
    ana.force_login(world.ana)
    assert "segredo" not in ana.get("/entries/new/payable").content.decode()


@pytest.mark.parametrize("mark", ["", "forged", "eyJhIjoxfQ:1:x"])
def test_a_stranger_fills_nothing(world: World, mark: str) -> None:
    client = Client()
    answer = client.post("/entries/new/payable", {"notes": "x" * 1000, kept.FIELD: mark})
    assert answer.status_code == 302
    assert "kept-form" not in client.session


def test_a_small_button_pressed_after_the_end_keeps_it_as_well(world: World, as_: Sign) -> None:
    ana = as_(world.ana)
    page = ana.get("/entries/new/payable").content.decode()
    sent = fields(world, notes="no meio") | {
        "company": str(world.company.pk), kept.FIELD: hidden(page, kept.FIELD), "do": "add-splits",
    }  # fmt: skip
    ana.logout()
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/entries/new/payable"}
    answer = ana.post("/entries/new/payable", sent, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Fentries%2Fnew%2Fpayable"
    ana.force_login(world.ana)
    assert "no meio" in ana.get("/entries/new/payable").content.decode()


def test_a_search_in_the_form_after_the_end_sends_nobody_away(world: World, as_: Sign) -> None:
    client = Client()
    client.cookies["django_language"] = "en"
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/entries/new/payable"}
    answer = client.get("/entries/parties?q=pap", headers=headers)
    assert answer.status_code == 204
    assert "HX-Redirect" not in answer.headers
    assert "Nothing typed is lost" in answer.headers["HX-Trigger"]
    headers["HX-Current-URL"] = "http://testserver/inbox"
    assert client.get("/entries/parties?q=pap", headers=headers).headers["HX-Redirect"].startswith("/sign-in")


def test_signing_in_in_another_tab_loses_nothing_either(world: World) -> None:
    """Its sign-in changes the form's secret; the form comes back instead of an error."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["django_language"] = "en"
    client.force_login(world.ana)
    page = client.get("/entries/new/payable").content.decode()
    sent = fields(world, notes="da outra aba") | {
        "company": str(world.company.pk),
        kept.FIELD: hidden(page, kept.FIELD),
        "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"),
    }
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post("/entries/new/payable", sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/entries/new/payable")
    assert "da outra aba" in client.get("/entries/new/payable").content.decode()
    del sent[kept.FIELD]
    assert client.post("/entries/new/payable", sent).status_code == 403


# --- Names nobody expects ----------------------------------------------------------------------------------------


def test_a_name_of_500_characters_is_told_beside_the_field(world: World, as_: Sign) -> None:
    entry = world.typed()
    address = f"/entries/{entry.pk}/edit"
    long = "Papelaria " * 50
    sent = fields(world, party="", new_party="1", party_name=long) | {"do": "submit"}
    answer = as_(world.ana).post(address, sent, follow=True)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert long.strip() in page
    assert 'aria-invalid="true"' in page
    assert any("party" in where for where in answer.context["form"].problems)
    assert Entry.objects.get().current is None


def test_an_emoji_in_a_vendor_s_name_is_kept_and_found(world: World, as_: Sign) -> None:
    entry = world.typed()
    sent = fields(world, party="", new_party="1", party_name="Padaria 🥐 da Vila", description="🧾 pão")
    as_(world.ana).post(f"/entries/{entry.pk}/edit", sent | {"do": "submit"})
    entry.refresh_from_db()
    assert entry.current is not None
    assert entry.current.party_name == "Padaria 🥐 da Vila"
    assert "Padaria 🥐 da Vila" in as_(world.bruno).get("/entries?q=vila").content.decode()
