"""A correction of something else leaves the company's own fields as they were approved, whatever became of them."""

from integration.correcting.desk import Desk

from alcada.intake import custom
from alcada.intake.correcting import changes_of
from alcada.people.models import User


def test_one_renamed_or_taken_off_the_form_since_is_no_change(desk: Desk, clara: User) -> None:
    company = desk.account.connection.company
    kept = custom.save(company, name="Projeto", type_="text", by=clara)
    gone = custom.save(company, name="Loja", type_="text", by=clara)
    entry = desk.posted(custom={str(kept.pk): "Obra nova", str(gone.pk): "Praia"})
    custom.save(company, name="Obra", type_="text", field=kept, by=clara)
    custom.save(company, name="Exigido", type_="text", required=True, by=clara)
    custom.retire(gone, by=clara)
    revision = desk.submitted(entry, notes="Outra nota", custom={str(kept.pk): "Obra nova"})
    assert [change["field"] for change in changes_of(revision)] == ["notes"]
    assert {one["name"]: one["value"] for one in revision.custom} == {"Projeto": "Obra nova", "Loja": "Praia"}
