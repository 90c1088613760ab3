"""The kinds of notices and the ways they come, in words: what a person reads where they choose."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alcada.notify.rules import Kind, Way

Text = str | Promise

# Of each kind: what it is called where a person chooses, and what it covers.
KINDS: Final[dict[Kind, tuple[Text, Text]]] = {
    Kind.ASKED: (_("Decisions asked of me"), _("An entry or a correction waits for my answer.")),
    Kind.MINE_BACK: (
        _("My entries that come back"),
        _("Sent back, rejected, or to be changed because Conta Azul would not take them."),
    ),
    Kind.MINE: (
        _("How my entries go on"),
        _("Approved at a step, posted to Conta Azul, stopped on the way, corrected."),
    ),
    Kind.HAND: (
        _("Postings that need a hand"),
        _("Refused, not found, or waiting for a choice; corrections that wait for a person."),
    ),
    Kind.ACCOUNT: (
        _("Accounts that stopped"),
        _("An account at Conta Azul needs authorisation, or does not answer."),
    ),
    Kind.DIFFERENCE: (
        _("Differences"),
        _("Something stands otherwise in Conta Azul than it was approved, or is gone."),
    ),
    Kind.SETTLED: (_("Settled entries"), _("What I entered is paid, or received.")),
    Kind.MAPPING: (
        _("Changes in the accounts' names"),
        _("A category, cost centre or vendor that we use was renamed or deactivated at Conta Azul."),
    ),
}
WAYS: Final[dict[Way, Text]] = {
    Way.AT_ONCE: _("At once by e-mail"),
    Way.DIGEST: _("In the daily digest"),
    Way.PRODUCT: _("Only in Alçada"),
    Way.OFF: _("Not at all"),
}
