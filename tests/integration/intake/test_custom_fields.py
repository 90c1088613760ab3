"""A company's own fields: set by its administrator, typed on the form, frozen and shown with the revision."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from alcada.history.models import Record
from alcada.intake import actions, custom, drafts
from alcada.intake.drafts import check_draft, from_revision
from alcada.intake.models import CustomField, Entry
from alcada.intake.queries import content_of
from alcada.intake.rules import Problems, as_data, content_hash, differences

TYPE = CustomField.Type


def field(company: Any, by: Any, name: str, type_: str = "text", **more: Any) -> CustomField:
    return custom.save(company, name=name, type_=type_, by=by, **more)


@pytest.fixture
def all_types(company, clara):
    return {
        "text": field(company, clara, "Projeto"),
        "number": field(company, clara, "Horas", TYPE.NUMBER),
        "money": field(company, clara, "Multa", TYPE.MONEY),
        "date": field(company, clara, "Prazo", TYPE.DATE),
        "choice": field(company, clara, "Loja", TYPE.CHOICE, choices=["Centro", "Praia"]),
    }


def typed(all_types: Any, **values: str) -> dict[str, str]:
    return {str(all_types[name].pk): value for name, value in values.items()}


def test_each_type_is_read_and_frozen(desk, ana, all_types):
    values = typed(
        all_types, text=" Obra  nova ", number="1.234,5", money="1.000", date="31/12/26", choice="Praia"
    )
    values |= typed(all_types, money="1.000,00")
    content = check_draft(desk.company, "payable", desk.draft(custom=values))
    assert [(one.name, one.value) for one in content.custom] == [
        ("Projeto", "Obra nova"),
        ("Horas", "1234.5"),
        ("Multa", "1000.00"),
        ("Prazo", "2026-12-31"),
        ("Loja", "Praia"),
    ]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("number", "doze"),
        ("number", "1.234"),
        ("number", "1e400"),
        ("number", "NaN"),
        ("number", "٣"),
        ("money", "mil"),
        ("date", "31/02/2026"),
        ("choice", "Serra"),
        ("text", "x" * 501),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(desk, all_types, name, wrong):
    with pytest.raises(Problems) as refused:
        check_draft(desk.company, "payable", desk.draft(custom=typed(all_types, **{name: wrong})))
    assert set(refused.value.fields) == {f"custom.{all_types[name].pk}"}


def test_a_required_one_keeps_a_draft_from_being_submitted_but_not_from_being_saved(
    desk, company, clara, ana
):
    own = field(company, clara, "Projeto", required=True, kind="payable")
    with pytest.raises(Problems) as refused, override("en"):
        check_draft(company, "payable", desk.draft())
    assert refused.value.fields == {f"custom.{own.pk}": ["Fill in “Projeto”."]}
    actions.start(company, "payable", by=ana, draft=desk.draft(custom={str(own.pk): ""}))
    own.kind = "receivable"
    own.save()
    check_draft(company, "payable", desk.draft())


def test_another_companys_field_is_nobodys(desk, ana, carla, other_company):
    theirs = field(other_company, carla, "Segredo")
    content = check_draft(desk.company, "payable", desk.draft(custom={str(theirs.pk): "x"}))
    assert content.custom == ()


def test_content_without_any_keeps_the_hash_that_it_had(desk, all_types):
    plain = check_draft(desk.company, "payable", desk.draft())
    with_one = check_draft(desk.company, "payable", desk.draft(custom=typed(all_types, text="Obra")))
    assert "custom" not in as_data(plain)
    assert content_hash(plain) != content_hash(with_one)
    assert differences(plain, with_one) == [{"field": "custom.text.Projeto", "old": None, "new": "Obra"}]


def test_it_goes_from_form_to_page_to_draft_again(
    desk, company, clara, ana, bruno, all_types, as_ana, posted
):
    draft = drafts.shaped(desk.draft())
    own = {
        f"custom-{all_types[name].pk}": value
        for name, value in {
            "text": "Obra nova",
            "money": "1.000,50",
            "date": "31/12/2026",
            "choice": "Praia",
        }.items()
    }
    answer = as_ana.post(
        reverse("entry-new", args=["payable"]), posted(draft, do="submit", company=company.pk, **own)
    )
    entry = Entry.objects.get()
    assert answer.url == reverse("entry", args=[entry.pk])
    page = as_ana.get(answer.url).content.decode()
    for shown in ("Projeto", "Obra nova", "R$\xa01,000.50", "31/12/2026", "Praia"):
        assert shown in page
    assert from_revision(entry.current)["custom"] == typed(
        all_types, text="Obra nova", money="1.000,50", date="31/12/2026", choice="Praia"
    )
    assert content_hash(content_of(entry.current)) == entry.current.content_hash
    submitted = Record.objects.get(event="entry.submitted")
    assert submitted.data["content"]["custom"]["money.Multa"] == "1000.50"


def test_what_was_typed_wrong_stays_in_the_form(desk, company, all_types, as_ana, posted):
    draft = drafts.shaped(desk.draft())
    wrong = {f"custom-{all_types['number'].pk}": "doze"}
    answer = as_ana.post(
        reverse("entry-new", args=["payable"]),
        posted(draft, do="submit", company=company.pk, **wrong),
        follow=True,
    )
    page = answer.content.decode()
    assert 'value="doze"' in page
    assert "This is no number" in page


def test_the_administrator_adds_orders_and_retires(client, company, clara, ana, desk):
    client.force_login(clara)
    client.cookies["django_language"] = "en"
    address = reverse("company-fields", args=[company.pk])
    assert "No fields of its own yet" in client.get(address).content.decode()
    new = reverse("company-field-new", args=[company.pk])
    wrong = client.post(new, {"name": "Loja", "type_": "choice", "choices": " \n", "kind": ""})
    assert wrong.status_code == 422
    assert "Write at least one choice" in wrong.content.decode()
    client.post(new, {"name": "Loja", "type_": "choice", "choices": "Centro\nPraia\nCentro", "kind": ""})
    client.post(new, {"name": "Projeto", "type_": "text", "kind": "payable", "required": "on"})
    again = client.post(new, {"name": "projeto", "type_": "text", "kind": ""})
    assert "There is a field with this name already." in again.content.decode()
    shop, project = custom.fields_of(company)
    assert shop.choices == ["Centro", "Praia"]
    client.post(reverse("company-field-move", args=[company.pk, project.pk]), {"to": "up"})
    assert [one.name for one in custom.fields_of(company)] == ["Projeto", "Loja"]
    client.post(reverse("company-field-retire", args=[company.pk, shop.pk]))
    assert [one.name for one in custom.fields_of(company)] == ["Projeto"]
    client.post(new, {"name": "Loja", "type_": "text", "kind": ""})  # the name is free again
    events = Record.objects.filter(event__startswith="custom_field").values_list("event", flat=True)
    assert sorted(events) == ["custom_field.created"] * 3 + ["custom_field.retired"]


@pytest.mark.parametrize("who", ["ana", "bruno"])
def test_nobody_else_does(client, company, who, request):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("company-fields", args=[company.pk])).status_code == 403


def test_another_companys_fields_are_not_there(client, company, clara, carla):
    own = field(company, clara, "Projeto")
    client.force_login(carla)
    for name in ("company-fields", "company-field-new"):
        assert client.get(reverse(name, args=[company.pk])).status_code == 404
    theirs = carla.memberships.first().company
    assert client.get(reverse("company-field", args=[theirs.pk, own.pk])).status_code == 404


def test_moved_to_another_company_what_fits_by_name_goes_along(
    desk, company, clara, carla, other_company, ana
):
    from alcada.web.intake_company import move

    own, other = field(company, clara, "Projeto"), field(other_company, carla, "PROJETO")
    field(company, clara, "Só daqui")
    draft = drafts.shaped(desk.draft(custom={str(own.pk): "Obra"}))
    assert move(draft, old=company, new=other_company, kind="payable")["custom"] == {str(other.pk): "Obra"}


def test_money_stays_decimal(desk, all_types):
    content = check_draft(desk.company, "payable", desk.draft(custom=typed(all_types, money="0,10")))
    assert Decimal(content.custom[0].value) == Decimal("0.10")
