"""From a frozen revision to the frozen copy that a posting sends: no ids of Conta Azul yet, no currency arithmetic."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada import links
from alcada.approval import queries as approvals
from alcada.approval.models import Decision, Round
from alcada.intake.models import Revision
from conta_azul import limits


def frozen_copy(revision: Revision, round_: Round, head: str) -> dict[str, Any]:
    """What the create call will say, and the evidence that travels with it. Amounts are text with two decimals.

    `head` is that of the entry's history.
    """
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
            "email": revision.party_email,
        },
        "bank_account": {"id": revision.bank_account_id, "name": revision.bank_account.name},
        "payment_method": revision.payment_method,
        "splits": [
            {
                "category": {"id": split.category_id, "name": split.category_name},
                "cost_centre": (
                    {
                        "id": split.cost_centre_id,
                        "code": split.cost_centre_code,
                        "name": split.cost_centre_name.removeprefix(f"{split.cost_centre_code} · "),
                    }
                    if split.cost_centre_id
                    else None
                ),
                "amount": str(split.amount),
            }
            for split in revision.splits.all()
        ],
        "instalments": [
            {"number": part.number, "due_date": part.due_date.isoformat(), "amount": str(part.amount)}
            for part in revision.instalments.all()
        ],
        "evidence": evidence(revision, round_, head),
    }


def evidence(revision: Revision, round_: Round, head: str) -> str:
    """The entry's note in Conta Azul: who approved, when, the head of the entry's chain, where to read it; then the
    document's number and what the requester noted.

    What a long note loses are the requester's words, then the middle of a long list of decisions: never the chain's
    head and the address.
    """
    with override("pt-br"):  # the books are read by people in Brazil, whoever pressed the button
        first = _("Approved in Alçada: entry %(number)s.") % {"number": revision.entry.number}
        answers = [decision for step in round_.steps.all() if (decision := approvals.answer(step))]
        decided = [_decided(one) for one in sorted(answers, key=lambda one: one.at)]
        if round_.reason:
            decided.append(round_.reason)
        proof = [
            _("History: %(head)s") % {"head": head},
            settings.ALCADA_URL + links.entry(revision.entry_id),
        ]
        told = []
        if revision.document_number:
            told.append(_("Document: %(number)s") % {"number": revision.document_number})
        if revision.notes:
            told.append(revision.notes)
    room = limits.ENTRY_NOTE - len("\n".join([first, *proof])) - 2
    return _cut("\n".join([first, _cut("\n".join(decided), room), *proof, *told]), limits.ENTRY_NOTE)


def _decided(decision: Decision) -> str:
    at = timezone.localtime(decision.at).strftime("%d/%m/%Y %H:%M")
    return f"{decision.step.name}: {decision.by.name}, {at}."


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
