"""`alcada checkpoint`: does the database still say what a line from a mailbox says; exit status 1 when it does not."""

import json
import sys
from dataclasses import asdict

from django.utils import translation
from django.utils.translation import gettext as _


def run(text: str, *, as_json: bool) -> int:
    from alcada.config.doctor import MARKS, _terminal_language
    from alcada.history import checkpoints

    found = checkpoints.said(text)
    verdicts = [checkpoints.verify(one) for one in found]
    if as_json:
        print(json.dumps([asdict(one) for one in verdicts], indent=2))
    with translation.override(_terminal_language()):
        if not found:
            print(
                _("There is no checkpoint's line in this: it begins with alcada-checkpoint."), file=sys.stderr
            )
            return 2
        for one in verdicts:
            if not as_json:
                print(f"{MARKS['ok' if one.good else 'problem']} {sentence(one)}")
    return int(not all(one.good for one in verdicts))


def sentence(verdict: object) -> str:
    """What a verdict means, to whoever asked."""
    from alcada.history.checkpoints import Verdict

    assert isinstance(verdict, Verdict)
    said = verdict.said
    values = {"company": said.company_id, "at": said.at, "then": said.count, "now": verdict.count}
    texts = {
        "agrees": _("Company %(company)s, %(at)s: the %(then)s records are still those that were sent."),
        "rewritten": _(
            "Company %(company)s, %(at)s: the records are not those that were sent (%(then)s then, %(now)s of them "
            "now). Somebody rewrote the database: keep it, and compare with a backup."
        ),
        "missing": _(
            "Company %(company)s, %(at)s: records are missing (%(then)s then, %(now)s of them now). Was an older "
            "backup restored? If not, somebody cut them off."
        ),
        "unknown": _("Company %(company)s, %(at)s: this installation has no such company."),
    }
    text = texts[verdict.what] % values
    if verdict.good and not verdict.stored:
        text += " " + _("The database itself does not remember having sent it.")
    return text
