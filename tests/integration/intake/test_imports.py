"""NF-e files become drafts: each for itself, none twice."""

import threading
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from django.utils.translation import override

from alcada.directory.models import Party
from alcada.flow import actions as flow
from alcada.history import queries as history
from alcada.intake import actions, custom
from alcada.intake.drafts import check
from alcada.intake.imports import import_nfe
from alcada.intake.models import Document, Entry
from alcada.intake.rules import NotYoursError, Problems

SAMPLES = sorted((Path(__file__).parents[3] / "src/alcada/config/samples").glob("nfe-*.xml"))
RECIPIENT = "99601234000151"


class Upload(BytesIO):
    name = "nota.xml"


def upload(path: Path, name: str = "") -> Upload:
    made = Upload(path.read_bytes())
    made.name = name or path.name
    return made


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


@pytest.fixture
def bakery(desk):
    """The company that the sample notes were issued to."""
    desk.company.document = RECIPIENT
    desk.company.save()
    return desk


def test_several_at_once_and_one_bad_stops_none(bakery, ana):
    bad = Upload(b"%PDF-1.4")
    bad.name = "danfe.pdf"
    reports = import_nfe(bakery.company, [upload(SAMPLES[0]), bad, upload(SAMPLES[1])], by=ana)
    assert [report.outcome for report in reports] == ["imported", "refused", "imported"]
    assert reports[1].code == "pdf"
    assert "DANFE" in reports[1].sentences[0]
    assert Entry.objects.count() == 2


def test_a_note_becomes_a_draft_with_all_that_it_says(bakery, ana, clara):
    from alcada.directory.actions import Usual, set_defaults

    set_defaults(bakery.company, "payable", Usual(category=bakery.paper, cost_centre=bakery.centre), by=clara)
    [report] = import_nfe(bakery.company, [upload(SAMPLES[2])], by=ana)
    entry = report.entry
    assert entry
    assert report.new_party
    party = Party.objects.get(name__startswith="Papelaria Lápis")
    assert party.is_vendor
    assert entry.draft
    assert entry.draft["party"] == str(party.pk)
    assert entry.draft["document_number"] == "NF-e 4821"
    assert entry.draft["bank_account"] == str(bakery.account.pk)
    assert entry.draft["splits"][0]["category"] == str(bakery.paper.pk)
    content = check(entry)
    assert sum(part.amount for part in content.instalments) == content.amount
    assert content.competence_date < date(2027, 1, 1)
    assert Document.objects.get(entry=entry).name == SAMPLES[2].name
    created = history.of(entry).get(event="entry.created").data
    assert created["source"] == "nfe"
    assert created["nfe_key"] == entry.nfe_key


def test_the_vendors_own_usual_choices_come_first(bakery, ana, clara):
    from alcada.directory.actions import Usual, set_defaults

    set_defaults(bakery.company, "payable", Usual(category=bakery.paper), by=clara)
    [first] = import_nfe(bakery.company, [upload(SAMPLES[2])], by=ana)
    assert first.entry
    actions.discard(first.entry, by=ana)
    Party.objects.filter(name__startswith="Papelaria Lápis").update(default_category=bakery.cleaning)
    [again] = import_nfe(bakery.company, [upload(SAMPLES[2])], by=ana)
    assert again.entry
    assert not again.new_party
    assert again.entry.draft
    assert again.entry.draft["splits"][0]["category"] == str(bakery.cleaning.pk)


def test_the_same_note_twice_leads_to_the_first(bakery, ana, clara):
    [first] = import_nfe(bakery.company, [upload(SAMPLES[0])], by=ana)
    again = import_nfe(
        bakery.company, [upload(SAMPLES[0], "copia.xml"), upload(SAMPLES[0], "outra.xml")], by=clara
    )
    assert [(report.outcome, report.entry) for report in again] == [("there", first.entry)] * 2


@pytest.mark.django_db(transaction=True)
def test_two_people_import_one_note_at_the_same_moment(bakery, ana, clara):
    outcomes: list[str] = []
    begin = threading.Barrier(4)

    def one(person: object) -> None:
        try:
            begin.wait()
            outcomes.extend(r.outcome for r in import_nfe(bakery.company, [upload(SAMPLES[0])], by=person))  # type: ignore[arg-type]
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(person,)) for person in (ana, clara, ana, clara)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["imported", "there", "there", "there"]
    assert Entry.objects.count() == Document.objects.count() == 1
    assert Party.objects.filter(company=bakery.company).count() == 2  # the desk's own, and the note's issuer


def test_another_companys_note_is_refused_saying_whose_it_is(desk, ana):
    [report] = import_nfe(desk.company, [upload(SAMPLES[0])], by=ana)
    assert (report.outcome, report.code) == ("refused", "not_for_us")
    assert report.sentences == (
        "This NF-e was issued to Padaria Horizonte Ltda (99.601.234/0001-51), not to Padaria Aurora Ltda.",
    )
    assert not Entry.objects.exists()
    assert Party.objects.count() == 1


def test_a_note_to_a_foreigner_is_refused_by_the_name_alone(desk, ana):
    abroad = (
        SAMPLES[0]
        .read_bytes()
        .replace(f"<CNPJ>{RECIPIENT}</CNPJ>".encode(), b"<idEstrangeiro>X1</idEstrangeiro>")
    )
    [report] = import_nfe(desk.company, [Upload(abroad)], by=ana)
    assert report.sentences == (
        "This NF-e was issued to Padaria Horizonte Ltda, not to Padaria Aurora Ltda.",
    )


def test_another_branchs_note_comes_in_with_a_warning(desk, ana):
    desk.company.document = "99601234000232"
    desk.company.save()
    [report] = import_nfe(desk.company, [upload(SAMPLES[0])], by=ana)
    assert report.outcome == "imported"
    assert "another branch, 99.601.234/0001-51" in report.sentences[0]


def test_a_company_of_another_group_imports_the_same_note_for_itself(bakery, other_company, ana, carla):
    """The key is once per company: what somebody else has is no answer to us."""
    import_nfe(bakery.company, [upload(SAMPLES[0])], by=ana)
    [report] = import_nfe(other_company, [upload(SAMPLES[0])], by=carla)
    assert report.code == "not_for_us"
    assert report.entry is None


def test_a_stranger_imports_nothing(bakery, carla):
    with pytest.raises(NotYoursError):
        import_nfe(bakery.company, [upload(SAMPLES[0])], by=carla)
    assert not Party.objects.filter(company=bakery.company).exclude(pk=bakery.vendor.pk).exists()


def test_a_name_without_ending_is_refused_and_leaves_nothing(bakery, ana):
    [report] = import_nfe(bakery.company, [upload(SAMPLES[0], "nota")], by=ana)
    assert (report.outcome, report.code) == ("refused", "no_extension")
    assert not Entry.objects.exists()
    assert Party.objects.filter(company=bakery.company).count() == 1


def test_a_required_field_of_the_companys_own_keeps_the_draft_from_being_submitted(bakery, ana, clara):
    own = custom.save(bakery.company, name="Projeto", type_="text", required=True, by=clara)
    path = next(path for path in SAMPLES if import_nfe(bakery.company, [upload(path)], by=ana)[0].entry)
    entry = Entry.objects.get()
    assert entry.draft, path
    with pytest.raises(Problems) as refused:
        flow.submit(entry, by=ana)
    assert refused.value.fields[f"custom.{own.pk}"] == ["Fill in “Projeto”."]
