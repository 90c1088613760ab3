"""From notices to what their letter says: one by itself, or several of a kind in one."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import links
from alcada.directory import condition_words, documents
from alcada.money import format_brl
from alcada.notify import kinds, plain, reasons, words
from alcada.notify.letters import Content, Fact, Group, Line, Section
from alcada.notify.models import Notice

SHOWN: Final = 25  # of several in one letter
_LONG: Final = 300  # of a fact that lists things

LABELS: Final[dict[str, words.Text]] = {
    "party": lazy("Vendor or customer"),
    "description": lazy("Description"),
    "amount": lazy("Value"),
    "due": lazy("First due date"),
    "category": lazy("Category"),
    "entered_by": lazy("Entered by"),
    "step": lazy("Step"),
    "why": lazy("Why you are asked"),
    "documents": lazy("Documents"),
    "changes": lazy("What changes"),
    "account": lazy("Account"),
    "waiting": lazy("Postings that wait"),
}

# What a correction may change, by the field's name; where the money goes stays out of letters.
CHANGES: Final[dict[str, words.Text]] = {
    "amount": lazy("Value"),
    "due_date": lazy("Due date"),
    "competence_date": lazy("Competence date"),
    "description": lazy("Description"),
    "document_number": lazy("Document number"),
    "party_name": lazy("Vendor or customer"),
    "category_name": lazy("Category"),
    "cost_centre_name": lazy("Cost centre"),
    "payment_method": lazy("Payment method"),
}


def content_of(notices: Sequence[Notice]) -> Content:
    """In the language in use. All are one person's, and of one kind."""
    return _alone(notices[0]) if len(notices) == 1 else _together(notices)


def _alone(notice: Notice) -> Content:
    wording, data = words.WORDINGS[notice.template], shown(notice)
    comment = plain.block(notice.data.get("comment", ""))
    why = _reason(notice.data)
    return Content(
        subject=words.said(wording.subject, data),
        lead=words.lead_of(notice.template, data),
        tone=wording.tone,
        eyebrow=data.get("company", ""),
        facts=[
            Fact(str(LABELS[name]), data[name], is_step=name in ("step", "why"))
            for name in wording.facts
            if data.get(name)
        ],
        quote=comment or why,
        said=_("Comment by %(who)s") % {"who": data.get("who", "")} if comment else _("Why it stopped"),
        notes=[str(wording.note)] if wording.note else [],
        button=str(wording.button),
        url=settings.ALCADA_URL + notice.link,
        because=_because(wording.kind),
        about=wording.kind.value,
    )


def _together(notices: Sequence[Notice]) -> Content:
    kind = words.kind_of(notices[0].template)
    label, help_ = kinds.KINDS[kind]
    lines = [line_of(notice) for notice in notices[:SHOWN]]
    left = len(notices) - len(lines)
    more = _("… and %(count)s more") % {"count": left} if left else ""
    name = plain.line(notices[0].user.name)
    return Content(
        subject=_("%(count)s notices: %(kind)s") % {"count": len(notices), "kind": str(label)},
        lead=_("%(name)s, these came close together, so they come in one e-mail.") % {"name": name},
        sections=[Section("", [Group(str(help_), lines, more)])],
        button=_("See all of them"),
        url=settings.ALCADA_URL + links.notices(kind.value),
        because=_because(kind),
        about=kind.value,
    )


def line_of(notice: Notice) -> Line:
    """One notice in a list."""
    data, wording = shown(notice), words.WORDINGS[notice.template]
    due = _("due %(due)s") % {"due": data["due"]} if data.get("due") else ""
    sub = (words.said(wording.sentence, data), due, data.get("company", ""))
    return Line(
        data.get("party") or data.get("account", ""),
        " · ".join(part for part in sub if part),
        data.get("amount", ""),
        settings.ALCADA_URL + notice.link,
        wording.tone,
    )


def _because(kind: Any) -> str:
    return _("You get this e-mail because of your choice for “%(kind)s”.") % {
        "kind": str(kinds.KINDS[kind][0])
    }


def _reason(data: dict[str, Any]) -> list[str]:
    """Why a posting stopped: what happened, what Conta Azul says, what to do."""
    known = reasons.STUCK.get(str(data.get("reason", "")))
    if known is None:
        return []
    theirs = plain.line(data.get("theirs", ""), _LONG)
    quoted = _("Conta Azul says: “%(words)s”") % {"words": theirs} if theirs else ""
    return [text for text in (str(known[0]), quoted, str(known[1])) if text]


def shown(notice: Notice) -> dict[str, str]:
    """The notice's data as its reader writes it: money, dates, lists; and nothing in it that could do harm."""
    data = dict(notice.data)
    because = data.pop("because", None)
    found = {name: _shown(name, value) for name, value in data.items()}
    if because:
        found["why"] = plain.line(_condition(because), _LONG)
    return found | {"name": plain.line(notice.user.name)}


def _condition(because: Mapping[str, Any]) -> str:
    """Why a step is asked, of a condition without words of its own. No letter has a whole CPF or CNPJ."""
    rows = [
        {**row, "value": documents.mask(str(row.get("value")))} if row.get("field") == "document" else row
        for row in because.get("rows", [])
    ]
    return condition_words.sentence({**because, "rows": rows})


def _shown(name: str, value: Any) -> str:
    if name == "amount":
        return amount(value)
    if name == "due":
        return day(value)
    if name == "changes":
        told = [_change(*row) for row in value if row[0] in CHANGES]
        rest = [_("more on the page")] if len(told) < len(value) else []
        return plain.line("; ".join([*told, *rest]), _LONG)
    if isinstance(value, list):
        return plain.line(", ".join(plain.line(one, 80) for one in value), _LONG)
    return plain.line(value)


def _change(field: str, old: str, new: str) -> str:
    """One line of a correction: what was approved before, and what it is to be."""
    write = {"amount": amount, "due_date": day, "competence_date": day}.get(field, plain.line)
    return f"{CHANGES[field]}: {write(old) or '—'} → {write(new) or '—'}"


def amount(text: Any) -> str:
    try:
        return format_brl(Decimal(str(text)), "BRL", get_language() or "pt-br")
    except (InvalidOperation, ValueError):
        return ""


def day(text: Any) -> str:
    try:
        return date.fromisoformat(str(text)).strftime("%d/%m/%Y")
    except ValueError:
        return ""
