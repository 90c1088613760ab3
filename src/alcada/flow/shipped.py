"""The flows that every company starts with.

For what is submitted: one approver up to R$ 10.000,00, an administrator as well above. For a deal that is won: nobody.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada.directory import condition_words
from alcada.flow.models import Trigger

LIMIT: Final = "10000.00"
_ABOVE: Final = {"match": "all", "rows": [{"field": "amount", "is": ">", "value": LIMIT}]}
# What the condition was called while it had a name: in flows that were published, in steps and notices of then.
_ABOVE_BEFORE: Final = frozenset({"Valor acima de R$ 10.000,00", "Value above R$ 10.000,00"})


def definition(trigger: Trigger, language: str = "pt-br") -> dict[str, Any]:
    """The shipped definition, its names in the company's language: they are the company's words from then on."""
    with override(language):
        if trigger == Trigger.DEAL_WON:
            return _sale_to_receivable()
        return {
            "properties": {"trigger": trigger.value},
            "sequence": [
                _step("approver", "approval", _("Approver"), role="approver"),
                {
                    "id": "above-limit",
                    "componentType": "switch",
                    "type": "if",
                    "name": "",  # told by its rows, as each reader writes money
                    "properties": _ABOVE,
                    "branches": {
                        "true": [
                            _step("administrator", "approval", _("Administrator"), role="administrator")
                        ],
                        "false": [],
                    },
                },
                _step("post", "post", _("Post to Conta Azul")),
                _step("tell-requester", "notify", _("Tell the requester"), to="requester"),
            ],
        }


def _sale_to_receivable() -> dict[str, Any]:
    """Asks nobody, and says why. To be asked, put a line before `post`, such as the first of the flow above."""
    return {
        "properties": {"trigger": Trigger.DEAL_WON.value},
        "sequence": [
            _step("post", "post", _("Post to Conta Azul"), without_approval=_no_approval()),
            _step("tell-requester", "notify", _("Tell the requester"), to="requester"),
        ],
    }


def _no_approval() -> str:
    return _("Made from a sale that was won; the company's flow for sales asks nobody.")


def _step(key: str, kind: str, name: str, **properties: str) -> dict[str, Any]:
    return {"id": key, "componentType": "task", "type": kind, "name": name, "properties": properties}


def shown(name: str) -> str:
    """A step's name as its reader reads it: one that is still as shipped in their language, a company's own as it is.

    By the name alone: history knows no more of a step, and what a round or a version was called must stay what it was.
    """
    if name in _ABOVE_BEFORE:
        return condition_words.sentence(_ABOVE)
    position = _shipped_names().get(name)
    return name if position is None else _names()[position]


def reason(why: str, because: Mapping[str, Any]) -> str:
    """Why a step is asked, as its reader reads it: the flow's own words, else the condition that held."""
    return shown(why) if why or not because else condition_words.sentence(because)


@cache
def _shipped_names() -> dict[str, int]:
    """Each shipped name, in each language, with its place in `_names()`."""
    found: dict[str, int] = {}
    for language, _label in settings.LANGUAGES:
        with override(language):
            found |= {name: position for position, name in enumerate(_names())}
    return found


def _names() -> list[str]:
    return [
        _("Approver"),
        _("Administrator"),
        _("Post to Conta Azul"),
        _("Tell the requester"),
        _no_approval(),
    ]
