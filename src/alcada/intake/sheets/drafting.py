"""From what lines say to the draft that a person would have typed."""

from datetime import date
from decimal import Decimal

from alcada.directory.models import Party
from alcada.intake import drafts
from alcada.intake.drafts import Draft
from alcada.intake.sheets.lines import Reading
from alcada.intake.sheets.world import World


def draft_of(reading: Reading, party: Party | None, world: World) -> Draft:
    """The draft that a person would have typed; what is left out is as the vendor's or company's entries usually are.

    `party` is whom the directory knows them as; without one the draft describes somebody new.
    """
    kind, defaults = reading.kind, world.defaults[reading.kind]
    usual = (
        party.default_category
        if party and party.default_category and party.default_category.kind == kind
        else None
    )
    category = usual.pk if usual else (defaults and defaults.category_id)
    centre = (party and party.default_cost_centre_id) or (defaults and defaults.cost_centre_id)
    account = reading.bank_account or (party and party.default_bank_account_id) or world.usual_account(kind)
    splits: dict[tuple[int | None, int | None], Decimal] = {}
    dues: dict[date, Decimal] = {}
    for due, one, other, share in reading.parts:
        place = (one or category or None, other or centre or None)
        splits[place] = splits.get(place, Decimal(0)) + share
        dues[due] = dues.get(due, Decimal(0)) + share
    who = (
        {"party": party.pk, "party_name": party.name}
        if party
        else {"new_party": "1", "party_name": reading.name, "party_document": reading.document}
        | {"party_email": reading.email}
    )
    name = party.name if party else reading.name
    described = reading.texts["description"] or " · ".join(
        filter(None, [name, reading.texts["document_number"]])
    )
    competence = reading.competence or reading.first_due
    return drafts.shaped(
        {
            **who,
            **reading.texts,
            "custom": reading.own,
            "description": described[:200],
            "amount": drafts.amount(reading.total or Decimal(0)),
            "competence_date": drafts.day(competence) if competence else "",
            "bank_account": account,
            "splits": [
                {
                    "category": one,
                    "cost_centre": other,
                    "amount": drafts.amount(share) if len(splits) > 1 else "",
                }
                for (one, other), share in splits.items()
            ],
            "instalments": [
                {"due_date": drafts.day(due), "amount": drafts.amount(share) if len(dues) > 1 else ""}
                for due, share in sorted(dues.items())
            ],
        }
    )
