"""The flows that every company starts with: one approver up to R$ 10.000,00, an administrator as well above."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada.flow.models import Trigger

LIMIT = "10000.00"


def definition(trigger: Trigger, language: str = "pt-br") -> dict[str, Any]:
    """The shipped definition, its names in the company's language: they are the company's words from then on."""
    with override(language):
        return {
            "properties": {"trigger": trigger.value},
            "sequence": [
                _step("approver", "approval", _("Approver"), role="approver"),
                {
                    "id": "above-limit",
                    "componentType": "switch",
                    "type": "if",
                    "name": _("Value above R$ 10.000,00"),
                    "properties": {"match": "all", "rows": [{"field": "amount", "is": ">", "value": LIMIT}]},
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


def _step(key: str, kind: str, name: str, **properties: str) -> dict[str, Any]:
    return {"id": key, "componentType": "task", "type": kind, "name": name, "properties": properties}
