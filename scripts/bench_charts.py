#!/usr/bin/env python3
"""Draw the charts of docs/bench.md from the figures in docs/bench/*.json, as `alcada bench … --json` printed them.

    .venv/bin/pip install matplotlib && .venv/bin/python scripts/bench_charts.py

Matplotlib is no requirement of ours: only these pictures need it.
"""

import json
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

DOCS: Final = Path(__file__).parent.parent / "docs"
OURS, BARE, LIGHT, INK = "#206bc4", "#9aa8bb", "#a8c6ec", "#1f2937"
STYLE: Final = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "svg.fonttype": "path",
    "svg.hashsalt": "alcada",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#cbd5e1",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
}


def figures(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "bench" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def speed() -> None:
    """Postings a second beside the bare loop; and whether the rate depends on what waits."""
    many, queue = figures("200-accounts"), figures("queue")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=[1.2, 1])
    _bars(
        left,
        ["Alçada, 200 accounts", "the same calls, bare loop"],
        [many["postings_per_s"], many["bare_loop_per_s"]],
        [OURS, BARE],
        "Postings a second, without the limit",
    )
    waiting = queue["postings_per_s"]
    _bars(
        right,
        [f"{int(length):,} waiting" for length in waiting],
        list(waiting.values()),
        [OURS] * len(waiting),
        "By how many wait",
    )
    _save(figure, "bench-speed.svg")


def statements() -> None:
    """What one posting costs the database, by how many go together."""
    one = figures("200-accounts")
    figure, axes = plt.subplots(figsize=(6, 3.4))
    for key, colour, name in (
        ("round_trips_per_posting", LIGHT, "round trips"),
        ("statements_per_posting", OURS, "statements"),
    ):
        points = {int(number): cost for number, cost in one[key].items()}
        axes.plot(list(points), list(points.values()), color=colour, marker="o", linewidth=2, label=name)
        for number, cost in points.items():
            if key == "statements_per_posting":
                axes.annotate(
                    f"{cost:g}",
                    (number, cost),
                    textcoords="offset points",
                    xytext=(0, -14),
                    ha="center",
                    fontsize=8,
                )
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
    axes.set_ylim(bottom=-4)
    axes.set_xlabel("postings that wait together on an account")
    axes.set_title("Database statements and round trips per posting")
    axes.grid(axis="y", color="#e5e7eb")
    axes.legend(frameon=False)
    _save(figure, "bench-statements.svg")


def pages() -> None:
    """Each page's server time, for who sees everything and who sees little: half of the answers, and 95 of 100."""
    found = figures("pages")
    names = list(dict.fromkeys(row["page"] for row in found["pages"]))
    viewers = {"bureau": OURS, "requester": LIGHT, "approver": BARE}
    figure, axes = plt.subplots(figsize=(9, 10.5))
    for at, (viewer, colour) in enumerate(viewers.items()):
        of = {row["page"]: row for row in found["pages"] if row["viewer"] == viewer}
        places = [place + (at - 1) * 0.25 for place, name in enumerate(names) if name in of]
        half = [of[name]["p50_ms"] for name in names if name in of]
        most = [of[name]["p95_ms"] for name in names if name in of]
        axes.hlines(places, half, most, color=colour, linewidth=2)
        axes.plot(half, places, "o", color=colour, markersize=4)
        axes.plot(most, places, "|", color=colour, markersize=7, markeredgewidth=2, label=viewer)
    axes.axvline(found["limit_ms"], color="#d63939", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("milliseconds: median (point) to 95 of 100 (bar)")
    axes.set_title(
        f"Server time of pages over {found['entries']:,} entries in {found['companies']} companies"
    )
    axes.grid(axis="x", color="#e5e7eb")
    axes.legend(frameon=False, loc="lower right")
    _save(figure, "bench-pages.svg")


def _bars(axes: Any, names: list[str], values: list[float], colours: list[str], title: str) -> None:
    bars = axes.barh(names[::-1], values[::-1], color=colours[::-1], height=0.55)
    axes.bar_label(bars, fmt="%.0f", padding=4)
    axes.set_title(title)
    axes.set_xlim(0, max(values) * 1.15)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False, left=False)


def _save(figure: Any, name: str) -> None:
    figure.tight_layout()
    figure.savefig(DOCS / "images" / name, facecolor="white", metadata={"Date": None})


if __name__ == "__main__":
    with mpl.rc_context(STYLE):
        statements()
        if (DOCS / "bench" / "queue.json").exists():
            speed()
        if (DOCS / "bench" / "pages.json").exists():
            pages()
