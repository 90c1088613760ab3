"""The form over HTTP: nothing typed is lost, everything wrong stands beside its field, nobody sees too much."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from alcada.directory.models import Party
from alcada.intake import actions
from alcada.intake.models import Document, Entry

NEW = "/entries/new/payable"


@pytest.fixture
def send(as_ana, desk, bruno, posted):
    """Post the form; follow the redirect."""

    def post(address: str = NEW, do: str = "submit", *, follow: bool = True, **changes: Any) -> Any:
        files = changes.pop("documents", [])
        return as_ana.post(
            address, posted(desk.draft(**changes), do=do, documents=files, **_extra(changes)), follow=follow
        )

    return post


def _extra(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: changes[name]
        for name in ("confirmed", "parts", "first", "every", "based_on")
        if name in changes
    }


def page(response: Any) -> str:
    assert response.status_code == 200, response
    return str(response.content.decode())


def test_a_right_bill_is_submitted_and_leads_to_its_page(send):
    response = send(follow=False)
    entry = Entry.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("entry", args=[entry.pk]))
    assert entry.current
    assert entry.rounds.get().state == "open"


def test_wrong_content_is_saved_and_shown_exactly_as_typed(send):
    response = send(amount="mil <reais>", instalments=[{"due_date": "31/02/2027", "amount": ""}])
    text = page(response)
    assert response.redirect_chain == [(f"/entries/{Entry.objects.get().pk}/edit?check=1", 302)]
    assert 'value="mil &lt;reais&gt;"' in text
    assert 'value="31/02/2027"' in text
    assert "This is no amount in reais. Write it like 1.234,56." in text
    assert "2 things are missing or wrong. The draft is saved." in text
    assert Entry.objects.get().current is None


def test_a_draft_may_be_saved_wrong(send):
    text = page(send(do="save", amount="depois", description=""))
    assert "Draft saved" in text
    assert 'value="depois"' in text


def test_wrong_digits_stand_beside_the_field_and_make_no_vendor(send, desk):
    new = {
        "party": "",
        "new_party": "1",
        "party_name": "Gráfica Zebra",
        "party_document": "11.222.333/0001-80",
    }
    text = page(send(**new))
    beside = re.search(r'name="party_document".*?</ul>', text, re.S)
    assert beside
    assert "The check digits don&#x27;t match" in beside.group()
    assert 'value="11.222.333/0001-80"' in text
    assert Party.objects.filter(company=desk.company).count() == 1


def test_a_new_vendor_is_registered_with_the_bill(send, desk):
    send(party="", new_party="1", party_name="Gráfica Zebra", party_document="529.982.247-25")
    revision = Entry.objects.get().current
    assert revision
    assert (revision.party_name, revision.party_document) == ("Gráfica Zebra", "52998224725")


@pytest.mark.parametrize("typed", ["papelaria estrela LTDA", "19.131.243/0001-97"])
def test_a_whole_name_or_document_chooses_the_vendor_without_the_list(send, typed):
    send(party="", party_name=typed)
    revision = Entry.objects.get().current
    assert revision
    assert revision.party_name == "Papelaria Estrela Ltda"


def test_part_of_a_name_chooses_nobody_and_shows_whom_it_may_mean(send, desk):
    text = page(send(party="", party_name="estrela"))
    assert "Choose the vendor." in text
    assert f'value="party-{desk.vendor.pk}"' in text
    assert Entry.objects.get().current is None


def test_small_buttons_change_rows_and_save_nothing(send):
    text = page(send(do="add-splits"))
    assert 'name="splits-1-category"' in text
    text = page(send(do="generate", parts="3", first="31/01/2027", every="month"))
    assert re.findall(r'value="([0-9/]+)" data-day id="id-instalments', text) == [
        "31/01/2027",
        "28/02/2027",
        "31/03/2027",
    ]
    assert re.findall(r'value="(333,3[34])"', text) == ["333,34", "333,33", "333,33"]
    assert not Entry.objects.exists()


def test_the_rest_goes_where_it_is_asked_for(send, desk):
    rows = [
        {"category": str(desk.paper.pk), "cost_centre": "", "amount": "600"},
        {"category": str(desk.cleaning.pk), "cost_centre": "", "amount": ""},
    ]
    assert 'value="400,00"' in page(send(do="rest-splits-1", splits=rows))


def test_an_odd_date_is_asked_about_and_goes_with_a_tick(send):
    past = timezone.localdate() - timedelta(days=3)
    due = {"instalments": [{"due_date": f"{past:%d/%m/%Y}", "amount": ""}]}
    text = page(send(**due, competence_date=f"{past:%d/%m/%Y}"))
    assert f"A due date ({past:%d/%m/%Y}) has passed. Is it right?" in text
    entry = Entry.objects.get()
    assert entry.current is None
    send(
        f"/entries/{entry.pk}/edit",
        **due,
        competence_date=f"{past:%d/%m/%Y}",
        confirmed=[f"due_in_past:{past.isoformat()}"],
    )
    entry.refresh_from_db()
    assert entry.current


def test_a_probable_duplicate_is_shown_and_goes_with_a_tick(send):
    send()
    first = Entry.objects.get()
    text = page(send())
    assert f'href="{reverse("entry", args=[first.pk])}"' in text
    assert "Same document number." in text
    second = Entry.objects.exclude(pk=first.pk).get()
    send(f"/entries/{second.pk}/edit", confirmed=[f"duplicate:{first.number}"])
    second.refresh_from_db()
    assert second.current


def test_a_duplicate_of_somebody_else_is_only_named(send, desk, clara):
    from alcada.flow import actions as flow

    flow.submit(actions.start(desk.company, "payable", by=clara, draft=desk.draft()), by=clara)
    hers = Entry.objects.get()
    text = page(send())
    assert "(entered by somebody else)" in text
    assert f'href="{reverse("entry", args=[hers.pk])}"' not in text


def test_submitting_twice_from_one_form_submits_once(send):
    page(send(do="save"))
    entry = Entry.objects.get()
    address = f"/entries/{entry.pk}/edit"
    send(address)
    text = page(send(address))
    entry.refresh_from_db()
    assert entry.revisions.count() == 1
    assert entry.draft is None
    assert "/edit" not in text.split("<main")[0]


def test_a_form_from_before_a_submission_does_not_overwrite(send, ana, desk):
    from alcada.flow import actions as flow

    page(send(do="save"))
    entry = Entry.objects.get()
    flow.submit(entry, by=ana)
    flow.withdraw(entry, by=ana)
    send(f"/entries/{entry.pk}/edit", description="de antes")
    entry.refresh_from_db()
    assert entry.draft
    assert entry.draft["description"] == "Papel A4"
    assert entry.revisions.count() == 1


def test_nobody_to_approve_is_said_and_nothing_is_lost(send, bruno):
    bruno.memberships.all().delete()
    text = page(send())
    assert "Nobody may approve this" in text
    assert Entry.objects.get().draft


def test_a_company_without_an_account_may_draft_only(as_ana, company):
    assert "not connected to a Conta Azul account yet" in page(as_ana.get(NEW))
    as_ana.post(NEW, {"description": "Primeira", "do": "submit"})
    assert Entry.objects.get().current is None


@pytest.mark.parametrize(
    "address", ["/entries/{pk}/edit", "/entries/{pk}/discard", "/entries/{pk}/documents/{doc}"]
)
def test_carla_sees_and_changes_nothing_of_ours(client, desk, ana, carla, address):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    document = actions.add_document(entry, by=ana, upload=_pdf())
    client.force_login(carla)
    where = address.format(pk=entry.pk, doc=document.pk)
    method = client.post if "discard" in address else client.get
    assert method(where).status_code == 404
    entry.refresh_from_db()
    assert entry.discarded_at is None


def test_another_companys_form_and_search_do_not_exist(as_ana, desk, other_company):
    assert as_ana.get(f"{NEW}?company={other_company.pk}").status_code == 404
    typed = {"company": other_company.pk, "kind": "payable", "party_name": "a", "party_document": "1"}
    for search in ("/entries/parties", "/entries/party-document"):
        assert as_ana.post(search, typed).status_code == 404
    assert as_ana.get("/entries/new/nothing").status_code == 404


def test_the_search_finds_by_name_and_document(as_ana, desk):
    def found(typed: str) -> str:
        asked = {"company": desk.company.pk, "kind": "payable", "party_name": typed}
        return page(as_ana.post("/entries/parties", asked))

    for typed in ("estrela", "19.131"):
        assert f'value="party-{desk.vendor.pk}"' in found(typed)
    assert "Nobody in the directory matches." in found("xyz")


def test_a_document_is_checked_while_it_is_typed(as_ana, desk):
    def answer(typed: str) -> str:
        asked = {"company": desk.company.pk, "party_document": typed}
        return page(as_ana.post("/entries/party-document", asked))

    assert "there is a mistyped digit" in answer("11222333000180")
    assert "is valid" in answer("52998224725")
    assert f'value="party-{desk.vendor.pk}"' in answer("19131243000197")


def test_an_approver_reads_a_draft_and_has_no_buttons(client, desk, ana, bruno):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    client.force_login(bruno)
    where = f"/entries/{entry.pk}/edit"
    text = page(client.get(where))
    assert 'id="submit-entry"' not in text
    assert "<fieldset" in text
    assert client.post(where, {"do": "save", "description": "x"}).status_code == 403


def test_a_discarded_draft_leaves_the_list(as_ana, desk, ana):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft(description="Toner azul"))
    assert "Toner azul" in page(as_ana.get("/entries"))
    page(as_ana.post(f"/entries/{entry.pk}/discard", follow=True))
    assert "Toner azul" not in page(as_ana.get("/entries"))
    assert "Toner azul" in page(as_ana.get("/entries?state=discarded"))


# --- Files -------------------------------------------------------------------------------------------------


def _pdf(name: str = "boleto.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n%%EOF", "application/pdf")


def test_files_stay_although_the_rest_is_wrong(send):
    text = page(send(amount="", documents=[_pdf()]))
    assert "boleto.pdf" in text
    assert Document.objects.count() == 1


def test_a_forbidden_file_is_told_and_the_bill_is_not_submitted_without_it(send):
    evil = SimpleUploadedFile("fatura.pdf", b"MZ\x90\x00", "application/pdf")
    text = page(send(documents=[evil, _pdf()]))
    beside = re.search(r'id="id-documents".*?</section>', text, re.S)
    assert beside
    assert "fatura.pdf: This file is a program. Programs are never accepted." in beside.group()
    assert "It was not submitted" in beside.group()
    assert "boleto.pdf" in beside.group()
    assert "data-toast-source" not in text
    assert "is a program" not in page(send(f"/entries/{Entry.objects.get().pk}/edit", do="add-splits"))
    assert Document.objects.get().name == "boleto.pdf"
    assert Entry.objects.get().current is None


def test_fifty_megabytes_are_told_by_name(send):
    large = SimpleUploadedFile("grande.pdf", b"%PDF-1.4" + b"0" * 50 * 1024 * 1024, "application/pdf")
    assert "grande.pdf: This file is larger than 10 MB." in page(send(documents=[large]))


def test_a_file_is_taken_off_a_draft(send):
    page(send(do="save", documents=[_pdf()]))
    entry, document = Entry.objects.get(), Document.objects.get()
    text = page(send(f"/entries/{entry.pk}/edit", do=f"file-{document.pk}"))
    assert "boleto.pdf" not in text
    document.refresh_from_db()
    assert document.removed_at


def test_a_pdf_is_shown_and_never_sniffed(as_ana, desk, ana):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    document = actions.add_document(entry, by=ana, upload=_pdf())
    where = reverse("entry-document", args=[entry.pk, document.pk])
    shown = as_ana.get(where)
    assert shown["Content-Type"] == "application/pdf"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Disposition"] == 'inline; filename="boleto.pdf"'
    assert shown["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'self'")
    assert b"".join(shown.streaming_content) == _pdf().read()
    saved = as_ana.get(where + "?download")
    assert saved["Content-Disposition"].startswith("attachment")
    saved.close()


def test_xml_is_only_a_download_in_a_sandbox(as_ana, desk, ana):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    upload = SimpleUploadedFile("nota.xml", b"<a/>", "text/html")
    document = actions.add_document(entry, by=ana, upload=upload)
    response = as_ana.get(reverse("entry-document", args=[entry.pk, document.pk]))
    assert response["Content-Type"] == "application/xml"
    assert response["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response["Content-Security-Policy"]
    response.close()


# --- The list and the import -------------------------------------------------------------------------------


def test_the_list_goes_on_below_the_last_key(as_ana, desk, ana, monkeypatch):
    from alcada.web import intake_list

    monkeypatch.setattr(intake_list, "PAGE", 2)
    for number in range(1, 6):
        actions.start(desk.company, "payable", by=ana, draft=desk.draft(description=f"Conta {number}"))
    address, seen = "/entries", []
    for _page in range(3):
        text = page(as_ana.get(address))
        seen += re.findall(r"Conta (\d)", text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/entries" + older.group(1).replace("&amp;", "&") if older else ""
    assert seen == ["5", "4", "3", "2", "1"]
    assert address == ""


def test_the_list_filters(as_ana, send, desk, ana):
    send()
    actions.start(desk.company, "receivable", by=ana, draft=desk.draft(description="Venda"))
    for query, expected in [
        ("kind=receivable", ["Venda"]),
        ("state=round.open", ["Papel A4"]),
        ("q=NF+1001&kind=payable", ["Papel A4"]),
        ("from=01/01/2099", []),
        ("company=999999", []),
        ("company=x&state=y&kind=z&before=q&from=q", []),
    ]:
        text = page(as_ana.get(f"/entries?{query}"))
        assert (
            re.findall(
                r"(Papel A4|Venda)\b(?! ?<option)", text.split("<table")[-1] if "<table" in text else ""
            )
            == expected
        )


def test_the_list_costs_no_more_with_more_entries(as_ana, desk, ana, django_assert_max_num_queries):
    for _number in range(8):
        actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    with django_assert_max_num_queries(25):
        page(as_ana.get("/entries"))


def test_each_file_of_an_import_has_its_report(as_ana, desk):
    desk.company.document = "99601234000151"
    desk.company.save()
    sample = Path(__file__).parents[3] / "src/alcada/config/samples/nfe-papelaria.xml"
    note = SimpleUploadedFile("nota.xml", sample.read_bytes())
    text = page(as_ana.post("/entries/nfe", {"files": [note, _pdf("danfe.pdf")]}))
    entry = Entry.objects.get()
    assert "1 draft made" in text
    assert f'href="/entries/{entry.pk}/edit"' in text
    assert "danfe.pdf" in text
    note.seek(0)
    assert f'href="/entries/{entry.pk}"' in page(as_ana.post("/entries/nfe", {"files": [note]}))


def test_an_import_of_nothing_says_so(as_ana, desk):
    assert "Choose at least one file." in page(as_ana.post("/entries/nfe", {}))


def test_a_get_changes_nothing(as_ana, desk, ana):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft(amount=""))
    before = Entry.objects.filter(pk=entry.pk).values().get()
    for address in (NEW, f"/entries/{entry.pk}/edit?check=1", "/entries", "/entries/nfe"):
        page(as_ana.get(address))
    assert as_ana.get(f"/entries/{entry.pk}/discard").status_code == 405
    assert Entry.objects.filter(pk=entry.pk).values().get() == before


# --- Several companies -------------------------------------------------------------------------------------


@pytest.fixture
def two_desks(desk, other_company, ana, furnished):
    """Ana enters for another company too, whose name comes first and which knows the same vendor."""
    other_company.memberships.create(user=ana, role="requester")
    return desk, furnished(other_company)


@pytest.mark.parametrize("address", [NEW, "/entries/nfe"])
def test_with_several_companies_none_is_chosen_for_the_person(as_ana, two_desks, address):
    one, other = two_desks
    asked = page(as_ana.get(address))
    assert one.company.name in asked
    assert other.company.name in asked
    assert 'name="amount"' not in asked
    assert not re.search(r'<option value="\d+" selected', asked)
    chosen = page(as_ana.get(f"{address}?company={one.company.pk}"))
    assert re.search(rf'<option value="{one.company.pk}" selected', chosen)


def test_an_import_for_nobody_asks_for_the_company(as_ana, two_desks):
    response = as_ana.post("/entries/nfe", {"files": [_pdf()]})
    assert response.status_code == 422
    assert "Choose the company, then the files again." in response.content.decode()


@pytest.mark.parametrize("do", ["company", "save", "submit", "add-splits"])
def test_another_company_keeps_what_was_typed_and_saves_nothing(as_ana, two_desks, posted, do):
    one, other = two_desks
    draft = one.draft(
        notes="Portaria 2",
        splits=[{"category": str(one.paper.pk), "cost_centre": str(one.centre.pk), "amount": "1.000,00"}],
    )
    fields = posted(draft, do=do, company=one.company.pk, new_company=other.company.pk)
    response = as_ana.post(f"{NEW}?company={one.company.pk}", fields)
    text = page(response)
    for kept in ("Papel A4", "NF 1001", "1.000,00", "Portaria 2", draft["instalments"][0]["due_date"]):
        assert kept in text
    assert f'id="entry-company" value="{other.company.pk}"' in text
    assert f"Now for {other.company.name}" in text
    assert f'name="party" value="{other.vendor.pk}"' in text  # the same CNPJ: whom the other company knows
    assert f'<option value="{other.account.pk}" selected' in text  # its own usual account
    for theirs in (one.paper, one.account):
        assert f'<option value="{theirs.pk}"' not in text
    assert response["HX-Replace-Url"] == f"{NEW}?company={other.company.pk}"
    assert not Entry.objects.exists()


def test_a_vendor_whom_the_other_company_lacks_stays_as_the_searched_name(as_ana, two_desks, posted):
    one, other = two_desks
    other.vendor.delete()
    fields = posted(one.draft(), do="company", company=one.company.pk, new_company=other.company.pk)
    text = page(as_ana.post(NEW, fields))
    assert 'name="party_name" value="Papelaria Estrela Ltda"' in text
    assert 'name="party"' not in text


def test_another_company_where_one_may_not_enter_is_refused(as_ana, two_desks, posted, carla):
    from alcada.people.models import Company

    stranger = Company.objects.create(name="Alheia", document="19131243000197")
    fields = posted(two_desks[0].draft(), do="company", company=two_desks[0].company.pk)
    assert as_ana.post(NEW, fields | {"new_company": stranger.pk}).status_code == 404
