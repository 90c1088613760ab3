"""Values of a routing rule's conditions: as a person types and picks them, and as they are kept."""

from django.db.models import Q
from django.utils.translation import gettext as _

from alcada import money
from alcada.connections.routing_actions import RoutingError
from alcada.directory import documents, queries
from alcada.directory.models import Category, CostCentre, EntryKind, Party
from alcada.flow.models import Trigger
from alcada.intake.drafts import amount
from alcada.intake.rules import key
from alcada.people.models import Company
from alcada.sentences import amount_sentence, document_sentence


def party_label(party: Party) -> str:
    """What a list of suggestions holds, and `party_of` understands again."""
    number = documents.format(party.document) if party.document else f"#{party.pk}"
    return f"{party.name} · {number}"


def party_of(company: Company, typed: str) -> Party | None:
    """The one that was picked from the suggestions, or typed whole: by its name, its CPF or its CNPJ."""
    number = typed.rpartition(" · ")[2].strip()
    if number.startswith("#"):
        return Party.objects.filter(company=company, pk=key(number[1:])).first()
    found = queries.find_party(company, document=number) or queries.find_party(company, document=typed)
    return found or queries.find_party(company, name=typed)


def suggestions(company: Company, text: str) -> list[str]:
    """Parties of both sides that the text may mean, as `party_of` understands them."""
    found = queries.search_parties(company, EntryKind.PAYABLE, text, 10) if text.strip() else []
    return [party_label(party) for party in found]


def stored(company: Company, name: str, typed: str) -> str:
    """A row's value as it is kept: keys of the directory, digits, decimals. Raises RoutingError."""
    text = typed.strip()
    if name == "amount":
        try:
            return str(money.parse_brl(text))
        except money.AmountError as exc:
            raise RoutingError("value", amount_sentence(exc.code)) from exc
    if name == "document":
        try:
            return documents.check(text)
        except documents.DocumentError as exc:
            raise RoutingError("value", document_sentence(exc.code)) from exc
    if name == "party":
        party = party_of(company, text)
        if party is None:
            raise RoutingError(
                "value", _("Pick one of the suggestions, or type the whole name, CPF or CNPJ.")
            )
        return str(party.pk)
    if name == "instalments":
        if not (text.isascii() and text.isdigit() and len(text) < 4):
            raise RoutingError("value", _("Write a whole number, such as 1."))
        return str(int(text))
    if text not in {value for _group, options in choices_of(company, name, "") for value, _label in options}:
        raise RoutingError("value", _("Choose one of the list."))
    return text


def typed_again(company: Company, name: str, stored: str) -> str:
    """The other way round: what a person would have typed."""
    if name == "amount":
        return amount(money.parse_brl(stored))
    if name == "document":
        return documents.format(stored)
    if name == "party":
        party = Party.objects.filter(company=company, pk=key(stored)).first()
        return party_label(party) if party else stored
    return stored


def choices_of(company: Company, name: str, chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be chosen for a field, by group; what is chosen already stays, also when it is no longer in use."""
    if name == "kind":
        return [("", [(kind.value, str(kind.label)) for kind in EntryKind])]
    if name == "flow":
        return [("", [(trigger.value, str(trigger.label)) for trigger in Trigger])]
    still = Q(active=True) | Q(pk=key(chosen))
    if name == "cost_centre":
        found = CostCentre.objects.filter(still, company=company)
        return [("", [(str(centre.pk), str(centre)) for centre in found])]
    if name == "category":
        groups: dict[str, list[tuple[str, str]]] = {}
        for category in Category.objects.filter(still, company=company).order_by(
            "kind", "parent_name", "name"
        ):
            group = " · ".join(
                part for part in (str(EntryKind(category.kind).label), category.parent_name) if part
            )
            groups.setdefault(group, []).append((str(category.pk), category.name))
        return list(groups.items())
    return []
