"""From a digest's plain values to what its letter says, in the language in use."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alcada.notify import notice_letters, plain, reasons
from alcada.notify.letters import Content, Group, Line, Proof, Section
from alcada.notify.models import Notice
from alcada.notify.rules import DIGEST
from alcada.people.models import User


def content_of(user: User, told: Mapping[str, Any], companies: Collection[int]) -> Content | None:
    """Of the companies in which the person has a role now; None: nothing is left to say."""
    shown = [one for one in told.get("sections", ()) if one["company"] in companies]
    if not shown:
        return None
    sections = [_section(user, one) for one in shown]
    counts = {what: _count(shown, what) for what in ("waits", "stuck", "accounts", "back", "due")}
    return Content(
        subject=_subject(counts, notice_letters.day(told["day"])),
        lead=_("%(name)s, this is your day in Alçada.") % {"name": plain.line(user.name)},
        tone="yellow" if counts["stuck"] or counts["accounts"] else "blue",
        sections=sections,
        button=_("Open Alçada"),
        url=settings.ALCADA_URL + "/",
        because=_("You get this digest on the days and at the time that you chose."),
        about=DIGEST,
    )


def _count(sections: Any, what: str) -> int:
    return sum(group["count"] for one in sections for group in one["groups"] if group["what"] == what)


def _subject(counts: Mapping[str, int], day: str) -> str:
    stuck = counts["stuck"] + counts["accounts"]
    parts = [
        ngettext("%(count)s decision waits for you", "%(count)s decisions wait for you", counts["waits"])
        % {"count": counts["waits"]}
        if counts["waits"]
        else "",
        ngettext("%(count)s thing is stuck", "%(count)s things are stuck", stuck) % {"count": stuck}
        if stuck
        else "",
    ]
    said = ", ".join(part for part in parts if part)
    return (
        _("Your digest of %(day)s: %(what)s") % {"day": day, "what": said}
        if said
        else _("Your digest of %(day)s") % {"day": day}
    )


def _section(user: User, one: Mapping[str, Any]) -> Section:
    return Section(
        plain.line(one["name"]), [_group(user, group) for group in one["groups"]], _proof(one.get("proof"))
    )


def _group(user: User, group: Mapping[str, Any]) -> Group:
    left = group["count"] - len(group["lines"])
    return Group(
        _title(group["what"], group["count"]),
        [_LINES.get(group["what"], _entry)(user, line) for line in group["lines"]],
        _("… and %(count)s more") % {"count": left} if left else "",
        settings.ALCADA_URL + group["link"] if left else "",
    )


def _title(what: str, count: int) -> str:
    values = {"count": count}
    if what == "waits":
        return (
            ngettext("Waits for your decision (%(count)s)", "Wait for your decision (%(count)s)", count)
            % values
        )
    titles = {
        "back": _("Came back to you (%(count)s)"),
        "accounts": _("Accounts that stopped (%(count)s)"),
        "stuck": _("Postings that need a hand (%(count)s)"),
        "due": _("Due within a week, and not approved (%(count)s)"),
        "posted": _("Posted to Conta Azul since your last digest"),
        "told": _("Also (%(count)s)"),
    }
    return titles[what] % values


def _entry(user: User, line: Mapping[str, Any]) -> Line:
    due = _("due %(due)s") % {"due": notice_letters.day(line["due"])} if line.get("due") else ""
    parts = (due, plain.line(line.get("description", ""), 80))
    return _line(line, " · ".join(part for part in parts if part))


def _stuck(user: User, line: Mapping[str, Any]) -> Line:
    known = reasons.STUCK.get(str(line.get("reason", "")))
    return _line(line, str(known[0]) if known else _("It waits for somebody's answer."), tone="yellow")


def _account(user: User, line: Mapping[str, Any]) -> Line:
    waits = _("Postings that wait for it: %(count)s.") % {"count": line["waiting"]}
    return _line(line, waits, tone="yellow")


def _posted(user: User, line: Mapping[str, Any]) -> Line:
    values = {"count": line["count"]}
    payable = line["kind"] == "payable"
    text = (
        ngettext("%(count)s payable", "%(count)s payables", line["count"])
        if payable
        else ngettext("%(count)s receivable", "%(count)s receivables", line["count"])
    )
    return Line(text % values, amount=notice_letters.amount(line["amount"]), tone="green")


def _told(user: User, line: Mapping[str, Any]) -> Line:
    data = {name: value for name, value in line["data"].items() if name != "company"}
    return notice_letters.line_of(Notice(user=user, template=line["template"], data=data, link=line["link"]))


def _line(line: Mapping[str, Any], sub: str, *, tone: str = "grey") -> Line:
    return Line(
        plain.line(line["party"]),
        sub,
        notice_letters.amount(line["amount"]) if line.get("amount") else "",
        settings.ALCADA_URL + line["link"],
        tone,
    )


def _proof(proof: Mapping[str, Any] | None) -> Proof | None:
    if proof is None:
        return None
    if not proof["line"]:
        return Proof(_("No checkpoint of the history could be made today: something held the database."), "")
    at = timezone.localtime(datetime.fromisoformat(proof["at"])).strftime("%d/%m/%Y %H:%M")
    sentence = _(
        "Checkpoint of the history: %(count)s records on %(at)s. Keep this e-mail: with this line it can be checked "
        "later that nobody rewrote them (alcada checkpoint)."
    )
    return Proof(sentence % {"count": proof["count"], "at": at}, proof["line"])


_LINES = {"stuck": _stuck, "accounts": _account, "posted": _posted, "told": _told}
