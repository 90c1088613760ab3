"""What the pages of an import show."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.days import read_day
from alcada.flow.importing import work
from alcada.intake.queries import visible_entries
from alcada.intake.rules import key
from alcada.intake.sheets.own import labels_of
from alcada.people.models import User
from alcada.sales.queries import visible_deals
from alcada.sheets.models import Import, Line, Made
from alcada.sheets.turns import LOST_AFTER
from alcada.web import imports_words as words
from alcada.web.imports_kinds import pages_of

State, Outcome = Import.State, Line.Outcome
GOING: Final = work.GOING
PER_PAGE: Final = 50
SAMPLES: Final = 3
SLOW_S: Final = 20
TONES: Final = {State.DONE: "green", State.UNREADABLE: "red", State.REFUSED: "red", State.PREVIEW: "yellow"}


def earlier(source: Import) -> dict[str, Any]:
    """A line of the list of one's files."""
    done = source.summary.get("done", {})
    tone = TONES.get(State(source.state), "blue" if source.state in GOING else "grey")
    return {"row": source, "address": pages_of(source).at(source), "made": done.get("made"), "tone": tone}


def columns(source: Import, problems: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Each column of the file with what stands in it, and what it is taken for."""
    first = [line.cells for line in source.lines.order_by("number")[:25]]
    rows = []
    for index, header in enumerate(source.headers):
        shown = [_sample(cells[index]) for cells in first if index < len(cells)]
        samples = list(dict.fromkeys(sample for sample in shown if sample))[:SAMPLES]
        rows.append(
            {
                "index": index,
                "header": header or _("Column %(number)s") % {"number": index + 1},
                "samples": samples,
                "chosen": source.columns[index] if index < len(source.columns) else "",
                "problem": (problems or {}).get(str(index), ""),
            }
        )
    options, pages = source.options, pages_of(source)
    return {
        "source": source,
        "pages": pages,
        "address": pages.at(source, "columns"),
        "rows": rows,
        "columns": work.columns_of(source.company, source.what),
        "problems": problems or {},
        "problem": (problems or {}).get("", ""),
        "kind": options.get("kind", "payable"),
        "has_kind": "kind" in source.columns,
        "decimal": options.get("decimal", ""),
        "group_by": options.get("group_by", "group" if "group" in source.columns and not options else ""),
        "doubled": _doubled(source.headers),
    }


def _doubled(headers: list[str]) -> list[str]:
    told = [header for header in headers if header]
    return sorted({header for header in told if told.count(header) > 1})


def _sample(cell: Any) -> str:
    if isinstance(cell, dict):
        return "—"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    text = " ".join(str(cell).split())
    if len(text) == 10 and (day := read_day(text)):
        return f"{day:%d/%m/%Y}"
    return text if len(text) <= 40 else text[:39] + "…"


def wrong_columns(source: Import) -> dict[str, str]:
    """What is wrong with the matching: "" for the whole, else by the column's place."""
    problems: dict[str, str] = {}
    for index, name in enumerate(source.columns):
        if name and name in source.columns[:index]:
            problems[str(index)] = _("Another column is this already. Choose one of the two.")
    if lack := work.lacking(source):
        names = ", ".join(str(column.label) for column in lack)
        problems[""] = _("Say which column is: %(names)s.") % {"names": names}
    if (group := source.options.get("group_by")) and group not in source.columns:
        problems["group_by"] = _("No column of the file is “%(name)s”.") % {
            "name": str(pages_of(source).columns[group].label)
        }
    return problems


def lines(request: HttpRequest, source: Import) -> dict[str, Any]:
    """The lines, page after page by their number; narrowed to one outcome."""
    over = source.state in (State.DONE, State.REFUSED)
    heads = source.lines.filter(number=F("head"))
    counts = _counts(source, heads, over=over)
    wanted = request.GET.get("outcome", "")
    wanted = wanted if wanted in {tab["name"] for tab in counts} else ""
    shown = _narrowed(heads, wanted)
    after = key(request.GET.get("after", ""))
    page = list(
        shown.filter(number__gt=after)
        .select_related("made__entry", "made__deal")
        .order_by("number")[: PER_PAGE + 1]
    )
    return {
        "source": source,
        "over": over,
        "tabs": counts,
        "all": sum(tab["count"] for tab in counts),
        "wanted": wanted,
        "rows": _rows(source, page[:PER_PAGE], over=over),
        "after": page[PER_PAGE - 1].number if len(page) > PER_PAGE else 0,
        "first": not after,
        **_figures(source),
        **progress(source),
    }


def _counts(source: Import, heads: QuerySet[Line], *, over: bool) -> list[dict[str, Any]]:
    """The tabs: outcomes with how many lines each; when it is over what was made and what was left out."""
    if source.state == State.DONE:
        done = source.summary.get("done", {})
        tabs = [
            ("made", _("Imported"), "green", done.get("made", 0)),
            ("left", _("Left out"), "grey", done.get("left", 0)),
            (Outcome.BAD.value, str(Outcome.BAD.label), "red", done.get("bad", 0)),
        ]
    else:
        tabs = [
            (name, str(Outcome(name).label), tone, work.counted(source, name))
            for name, tone in words.OUTCOMES.items()
        ]
    return [
        {"name": name, "label": label, "tone": tone, "count": count}
        for name, label, tone, count in tabs
        if count
    ]


def _narrowed(heads: QuerySet[Line], wanted: str) -> QuerySet[Line]:
    if wanted == "made":
        return heads.filter(made__isnull=False)
    if wanted == "left":
        return heads.filter(made=None).exclude(outcome=Outcome.BAD)
    return heads.filter(outcome=wanted) if wanted else heads


def _rows(source: Import, page: list[Line], *, over: bool) -> list[dict[str, Any]]:
    user: User = source.by
    labels = words.labels(pages_of(source), labels_of(source.company))
    links = _links(user, page)
    rows = []
    for line in page:
        made = _made(line)
        label, tone = words.became(line, made, over=over)
        facts = line.facts
        rows.append(
            {
                "line": line,
                "made": _thing(made),
                "facts": facts,
                "name": facts.get("title") or facts.get("party", ""),
                "more": " · ".join(filter(None, (facts.get(name) for name in ("terms", "stage", "owner")))),
                "kind": words.kind(str(facts.get("kind", ""))),
                "amount": Decimal(facts["amount"]) if facts.get("amount") else None,
                "due": read_day(str(facts.get("due", ""))),
                "label": label,
                "tone": tone,
                "problems": words.problems(line, labels),
                "notes": words.notes(line, links),
                "reason": words.refused(made.reason) if made else "",
            }
        )
    return rows


def _links(user: User, page: Iterable[Line]) -> dict[tuple[str, int], str]:
    """Where what their notes name is opened, of what the reader may see."""
    notes = [note for line in page for note in line.notes]
    links: dict[tuple[str, int], str] = {}
    for name, visible in (("entry", visible_entries), ("deal", visible_deals)):
        if named := {note[name] for note in notes if note.get(name)}:
            seen = visible(user).filter(pk__in=named).values_list("pk", flat=True)
            links |= {(name, pk): reverse(name, args=[pk]) for pk in seen}
    return links


def _thing(made: Made | None) -> dict[str, Any] | None:
    """What a line made: its number and where it is opened."""
    if made is None:
        return None
    if made.deal is not None:
        return {"number": made.deal.number, "address": reverse("deal", args=[made.deal.pk])}
    assert made.entry is not None
    return {"number": made.entry.number, "address": reverse("entry", args=[made.entry.pk])}


def _made(line: Line) -> Made | None:
    return getattr(line, "made", None)


def _figures(source: Import) -> dict[str, Any]:
    """What the preview says of all lines, and what may be chosen."""
    sums = source.summary.get("sums", {})

    def total(place: str) -> dict[str, Any]:
        return {"sum": Decimal(sums.get(place, "0")), "count": sums.get(f"{place}.count", 0)}

    counted = {outcome: work.counted(source, outcome) for outcome in Outcome.values}
    good = counted[Outcome.GOOD] + counted[Outcome.ASKED] + counted[Outcome.HELD]
    same = work.same_file(source) if source.state == State.PREVIEW else None
    return {
        "payable": total("payable.good"),
        "receivable": total("receivable.good"),
        "deals": total("deal.good"),
        "good": good,
        "bad": counted[Outcome.BAD],
        "asked": counted[Outcome.ASKED],
        "held": counted[Outcome.HELD],
        "twins": counted[Outcome.TWIN],
        "submittable": counted[Outcome.GOOD],
        "zeros": source.summary.get("zeros", 0) if source.state == State.PREVIEW else 0,
        "new": source.summary.get("new", []),
        "new_vendors": source.summary.get("new_vendors", 0),
        "new_customers": source.summary.get("new_customers", 0),
        "same": same,
        "done": source.summary.get("done", {}),
        "trouble": words.file_problem(source.problem) if source.state == State.UNREADABLE else "",
        "ended": words.ended(source.problem) if source.state in (State.REFUSED, State.DONE) else "",
        "address": pages_of(source).at(source),
    }


def progress(source: Import) -> dict[str, Any]:
    going = source.state in GOING
    silent = timezone.now() - (source.beat_at or source.created_at)
    return {
        "source": source,
        "pages": pages_of(source),
        "progress_address": pages_of(source).at(source, "progress"),
        "going": going,
        "slow": going and source.beat_at is None and silent.total_seconds() > SLOW_S,
        "lost": going and silent > LOST_AFTER,
    }
