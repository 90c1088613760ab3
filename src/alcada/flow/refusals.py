"""Why an entry can't be submitted, or a deal not be reopened, in words: for the page and the API."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada.flow import shipped
from alcada.flow.rules import SubmissionRefusedError

# Why the flow can't take an entry, and what to do about it.
REFUSALS: Final[Mapping[str, str | Promise]] = {
    "no_account": lazy(
        "This company has no Conta Azul account yet. An administrator connects one under Connections."
    ),
    "nobody_to_ask": lazy(
        "Nobody may approve this: the step “%(step)s” has nobody but you. An administrator gives "
        "somebody else the role."
    ),
    "too_few_people": lazy(
        "Too few people may approve this: each step needs another person, up to “%(step)s”."
    ),
    "nobody_asked": lazy("The flow asks nobody for this entry, so it can't be submitted."),
    "of_deal": lazy("This receivable is a deal's: it is sent when the deal is won."),
    "no_route": lazy(
        "No routing rule of %(company)s applies to this entry, and there is no default account. "
        "An administrator sets one under Connections, Routing."
    ),
    "route_refused": lazy("Rule %(number)s, “%(rule)s”, refuses this entry: %(sentence)s"),
    "route_refused_by_default": lazy("No routing rule of %(company)s applies to this entry: %(sentence)s"),
    "route_not_connected": lazy(
        "This entry goes to the account %(account)s, which was never connected to Conta Azul. "
        "An administrator connects it, or changes the routing, under Connections."
    ),
}

# Why a deal that is won can't be reopened (flow.selling).
OBSTACLES: Final[Mapping[str, str | Promise]] = {
    "posted": lazy(
        "Its receivable stands in Conta Azul, so the deal stays won. What is wrong with it is corrected on the "
        "receivable's page."
    ),
    "sending": lazy(
        "Its receivable is on its way to Conta Azul, or may have arrived there. Wait until that is known."
    ),
    "undecided": lazy(
        "Nobody knows yet whether its receivable stands in Conta Azul. Finance decides that on the receivable's page."
    ),
    "loud": lazy(
        "An entry of this deal stands in Conta Azul beside what was approved. Finance settles that on the "
        "receivable's page first."
    ),
}


def refusal(refused: SubmissionRefusedError) -> str:
    sentence = REFUSALS.get(refused.code)
    context = refused.context | {"step": shipped.shown(refused.context.get("step", ""))}
    return str(sentence) % context if sentence else refused.code
