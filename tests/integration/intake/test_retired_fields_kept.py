"""An entry that is taken back and sent again: what it had in own fields that were retired since stays."""

from typing import Any

import pytest
from django.urls import reverse

from alcada.flow import actions as flow
from alcada.history.models import Record
from alcada.intake import actions, custom
from alcada.intake.models import CustomField, Entry


def field(company: Any, by: Any, name: str, type_: str = "text", **more: Any) -> CustomField:
    return custom.save(company, name=name, type_=type_, by=by, **more)


@pytest.fixture
def taken_back(
    desk: Any, company: Any, ana: Any, bruno: Any, clara: Any
) -> tuple[Entry, dict[str, CustomField]]:
    """Submitted with four, of which three are gone; taken back."""
    own = {
        "stays": field(company, clara, "Obra"),
        "money": field(company, clara, "Multa", "money", required=True),
        "date": field(company, clara, "Prazo", "date"),
        "moved": field(company, clara, "Loja", "choice", choices=["Centro", "Praia"]),
    }
    typed = {"stays": "Norte", "money": "1.000,50", "date": "31/12/2026", "moved": "Praia"}
    draft = desk.draft(custom={str(own[name].pk): value for name, value in typed.items()})
    entry = actions.start(company, "payable", by=ana, draft=draft)
    flow.submit(entry, by=ana)
    custom.retire(own["money"], by=clara)
    custom.retire(own["date"], by=clara)
    custom.save(
        company,
        name="Loja",
        type_="choice",
        choices=["Centro"],
        kind="receivable",
        field=own["moved"],
        by=clara,
    )
    flow.withdraw(Entry.objects.get(pk=entry.pk), by=ana)
    return Entry.objects.get(pk=entry.pk), own


def of(entry: Entry) -> dict[str, str]:
    current = Entry.objects.get(pk=entry.pk).current
    assert current is not None
    return {one["name"]: one["value"] for one in current.custom}


def test_through_the_form_they_stay_and_are_shown(
    taken_back: Any, desk: Any, ana: Any, as_ana: Any, posted: Any
) -> None:
    entry, own = taken_back
    address = reverse("entry-edit", args=[entry.pk])
    page = as_ana.get(address).content.decode()
    for shown in ("Multa", "R$\xa01,000.50", "Prazo", "31/12/2026", "Loja", "Praia", "No longer on the form"):
        assert shown in page
    assert f'name="custom-{own["money"].pk}"' not in page
    own_typed = {
        f"custom-{own['stays'].pk}": "Sul",
        f"custom-{own['money'].pk}": "9,99",  # nobody is asked for it: what was frozen stays
    }
    data = posted(entry.draft | {"description": "Outra"}, do="submit", based_on=entry.current_id, **own_typed)
    answer = as_ana.post(address, data)
    assert answer.url == reverse("entry", args=[entry.pk])
    assert of(entry) == {"Obra": "Sul", "Multa": "1000.50", "Prazo": "2026-12-31", "Loja": "Praia"}
    record = Record.objects.filter(event="entry.submitted").latest("pk")
    told = {change["field"] for change in record.data["changes"]}
    assert told == {"custom.text.Obra", "description"}
    assert "R$\xa01,000.50" in as_ana.get(answer.url).content.decode()


def test_sent_again_as_it_is_nothing_changes(taken_back: Any, ana: Any) -> None:
    entry, _own = taken_back
    before = entry.current
    flow.submit(entry, by=ana)
    again = Entry.objects.get(pk=entry.pk).current
    assert again is not None
    assert again.number == 2
    assert again.content_hash == before.content_hash


def test_twice_taken_back_they_are_still_there(taken_back: Any, ana: Any) -> None:
    entry, _own = taken_back
    for _each in range(2):
        flow.submit(Entry.objects.get(pk=entry.pk), by=ana)
        flow.withdraw(Entry.objects.get(pk=entry.pk), by=ana)
    assert set(of(entry)) == {"Obra", "Multa", "Prazo", "Loja"}


def test_a_new_field_of_the_same_name_takes_its_place(
    taken_back: Any, company: Any, ana: Any, clara: Any
) -> None:
    entry, _own = taken_back
    new = field(company, clara, "Multa", "money")
    draft = entry.draft | {"custom": {**entry.draft["custom"], str(new.pk): "2,00"}}
    entry = actions.save_draft(entry, by=ana, draft=draft)
    flow.submit(entry, by=ana)
    assert of(entry)["Multa"] == "2.00"
    current = Entry.objects.get(pk=entry.pk).current
    assert current is not None
    assert [one["name"] for one in current.custom].count("Multa") == 1


def test_a_first_submission_has_none(desk: Any, company: Any, ana: Any, bruno: Any, clara: Any) -> None:
    gone = field(company, clara, "Projeto")
    entry = actions.start(company, "payable", by=ana, draft=desk.draft(custom={str(gone.pk): "Obra"}))
    custom.retire(gone, by=clara)
    flow.submit(entry, by=ana)
    assert of(entry) == {}
