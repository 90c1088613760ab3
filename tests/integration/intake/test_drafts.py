"""From what was typed to content: every mistake beside its field, and nothing of another company."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from alcada.intake.drafts import check_draft, empty, from_revision
from alcada.intake.rules import Problems


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def problems(desk: Any, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(Problems) as refused:
        check_draft(desk.company, "payable", desk.draft(**changes))
    return refused.value.fields


def split(category: Any, amount: str = "", centre: Any = "") -> dict[str, str]:
    return {
        "category": str(category and category.pk),
        "cost_centre": str(centre and centre.pk),
        "amount": amount,
    }


def test_a_right_draft_gives_content(desk):
    content = check_draft(desk.company, "payable", desk.draft())
    assert content.party_name == "Papelaria Estrela Ltda"
    assert content.party_document == "19131243000197"
    assert content.splits[0].amount == content.instalments[0].amount == content.amount == Decimal("1000.00")


def test_an_empty_form_says_everything_at_once(desk):
    fields = problems(
        desk, party="", description=" ", amount="", competence_date="", bank_account="",
        splits=[], instalments=[],
    )  # fmt: skip
    assert set(fields) == {
        "party",
        "description",
        "amount",
        "competence_date",
        "bank_account",
        "splits.0.category",
        "instalments.0.due_date",
    }


def test_the_difference_is_told_to_the_cent(desk):
    rows = [split(desk.paper, "600,00"), split(desk.cleaning, "300,00")]
    assert problems(desk, splits=rows) == {
        "splits": ["The splits add up to R$\xa0900.00, R$\xa0100.00 less than the value."]
    }


def test_no_sum_is_told_of_what_could_not_be_read(desk):
    rows = [split(desk.paper, "600,00"), split(desk.cleaning, "trezentos")]
    assert set(problems(desk, splits=rows)) == {"splits.1.amount"}


def test_instalments_are_numbered_by_due_date(desk):
    rows = [{"due_date": "10/02/2027", "amount": "400"}, {"due_date": "10/01/2027", "amount": "600"}]
    content = check_draft(desk.company, "payable", desk.draft(instalments=rows))
    assert [(part.number, part.due_date.month, part.amount) for part in content.instalments] == [
        (1, 1, Decimal("600.00")),
        (2, 2, Decimal("400.00")),
    ]


def test_a_category_of_the_other_kind_is_refused(desk):
    assert problems(desk, splits=[split(desk.sales)]) == {
        "splits.0.category": ["Vendas is a category of receivables."]
    }


def test_an_inactive_category_is_refused(desk):
    desk.paper.active = False
    desk.paper.save()
    assert problems(desk, splits=[split(desk.paper)]) == {
        "splits.0.category": ["Material de escritório is no longer in use."]
    }


def test_a_category_that_the_account_lacks_is_refused(desk):
    desk.paper.counterparts.update(active=False)
    assert problems(desk, splits=[split(desk.paper)]) == {
        "splits.0.category": ["Material de escritório does not exist in the Conta Azul account Conta Azul."]
    }


def test_what_belongs_to_another_company_does_not_exist(desk, other_company, furnished):
    theirs = furnished(other_company)
    fields = problems(
        desk,
        party=str(theirs.vendor.pk),
        bank_account=str(theirs.account.pk),
        splits=[split(theirs.paper, "", theirs.centre)],
    )
    assert fields == {
        "party": ["Choose the vendor."],
        "bank_account": ["Choose the account."],
        "splits.0.category": ["Choose the category."],
        "splits.0.cost_centre": ["Choose a cost centre that is in use."],
    }


def test_a_payable_is_not_paid_from_an_account_that_only_receives(desk):
    assert problems(desk, bank_account=str(desk.receives_only.pk)) == {
        "bank_account": ["Receba Fácil only receives: choose another account."]
    }


def test_one_category_and_centre_twice_is_refused(desk):
    rows = [split(desk.paper, "600,00", desk.centre), split(desk.paper, "400,00", desk.centre)]
    assert set(problems(desk, splits=rows)) == {"splits.1.category"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("11.222.333/0001-80", "The check digits don't match: there is a mistyped digit."),
        ("111.111.111-11", "Nobody has this number. Is it made up?"),
        ("123", "A CPF has 11 digits and a CNPJ 14 places: count again."),
    ],
)
def test_a_new_vendor_with_wrong_digits_is_told_beside_the_field(desk, document, sentence):
    fields = problems(desk, party="", new_party="1", party_name="Gráfica Zebra", party_document=document)
    assert fields == {"party_document": [sentence]}


@pytest.mark.parametrize(
    "typed", ["0", "0,00", "-5", "1.234", "abc", "1,234,5", "9999999999999", "1e3", "١٢"]
)
def test_amounts_that_are_none_are_refused(desk, typed):
    assert set(problems(desk, amount=typed)) == {"amount"}


def test_keys_that_are_no_numbers_harm_nothing(desk):
    fields = problems(desk, party="1; drop", bank_account="²", splits=[{"category": "9" * 30}])
    assert set(fields) == {"party", "bank_account", "splits.0.category"}


def test_a_new_form_has_the_companys_usual_choices(desk, clara):
    from alcada.directory.actions import Usual, set_defaults

    set_defaults(desk.company, "payable", Usual(category=desk.cleaning, cost_centre=desk.centre), by=clara)
    from alcada.intake.drafts import today

    draft = empty(desk.company, "payable", today=today())
    assert draft["splits"] == [
        {"category": str(desk.cleaning.pk), "cost_centre": str(desk.centre.pk), "amount": ""}
    ]
    assert draft["bank_account"] == str(desk.account.pk)


def test_a_revision_as_draft_gives_the_same_content(desk, ana):
    from django.db import transaction

    from alcada.intake import actions, freezing
    from alcada.intake.drafts import check
    from alcada.intake.rules import content_hash

    rows = [split(desk.paper, "333,33"), split(desk.cleaning, "666,67", desk.centre)]
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft(splits=rows))
    with transaction.atomic():
        revision = freezing.freeze(entry, check(entry), by=ana)
    again = check_draft(desk.company, "payable", from_revision(revision))
    assert content_hash(again) == revision.content_hash


def test_lines_are_lines_and_notes_keep_theirs(desk):
    content = check_draft(
        desk.company, "payable", desk.draft(description=" Papel\r\n A4 ", notes="um\r\ndois ")
    )
    assert (content.description, content.notes) == ("Papel A4", "um\ndois")
