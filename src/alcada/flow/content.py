"""From a frozen revision to the frozen copy that a posting sends: no ids of Conta Azul yet, no currency arithmetic."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada.approval import queries as approvals
from alcada.approval.models import Round
from alcada.history import queries as history
from alcada.intake.models import Revision


def frozen_copy(revision: Revision, round_: Round) -> dict[str, Any]:
    """What the create call will say, and the evidence that travels with it. Amounts are text with two decimals."""
    return {
        "description": revision.description,
        "document_number": revision.document_number,
        "competence_date": revision.competence_date.isoformat(),
        "amount": str(revision.amount),
        "currency": revision.currency,
        "party": {
            "id": revision.party_id,
            "name": revision.party_name,
            "document": revision.party_document,
            "email": revision.party.email,
        },
        "bank_account": {"id": revision.bank_account_id, "name": revision.bank_account.name},
        "payment_method": revision.payment_method,
        "splits": [
            {
                "category": {"id": split.category_id, "name": split.category_name},
                "cost_centre": (
                    {
                        "id": split.cost_centre_id,
                        "code": split.cost_centre.code,
                        "name": split.cost_centre.name,
                    }
                    if split.cost_centre
                    else None
                ),
                "amount": str(split.amount),
            }
            for split in revision.splits.select_related("cost_centre")
        ],
        "instalments": [
            {"number": part.number, "due_date": part.due_date.isoformat(), "amount": str(part.amount)}
            for part in revision.instalments.all()
        ],
        "evidence": evidence(revision, round_),
    }


def evidence(revision: Revision, round_: Round) -> str:
    """Who approved, when, the head of the entry's chain, and where to read it: for the notes in Conta Azul."""
    with override("pt-br"):  # the books are read by people in Brazil, whoever pressed the button
        lines = [_("Approved in Alçada: entry %(number)s.") % {"number": revision.entry.number}]
        for decision in approvals.decisions_of(round_):
            at = timezone.localtime(decision.at).strftime("%d/%m/%Y %H:%M")
            lines.append(f"{decision.step.name}: {decision.by.name}, {at}.")
        if round_.reason:
            lines.append(round_.reason)
        lines.append(_("History: %(head)s") % {"head": history.head(revision.entry)})
        lines.append(settings.ALCADA_URL + reverse("entry", args=[revision.entry_id]))
    return "\n".join(lines)
