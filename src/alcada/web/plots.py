"""Figures beside each other as bars: plain SVG from the server: it prints, needs no script, and can be read out.

The template (parts/bars.html) draws; here only lengths and labels are worked out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

WIDTH: Final = 600
HEIGHT: Final = 120
_GAP: Final = 0.3  # of a group's width


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    x: str
    label: str


@dataclass(frozen=True)
class Bars:
    """One group of bars for each label, a bar for each series. All zero: `bars` is empty."""

    bars: list[Bar]
    ticks: list[Tick]
    rows: list[tuple[str, list[str]]]  # the same as a table: label, figures as people write them
    series: list[str]
    most: str  # the highest figure, which the top line stands for


def bars(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Decimal]]],
    *,
    written: Sequence[Sequence[str]],
    most: str,
    ticks: Sequence[int],
) -> Bars:
    """`written`: each series' figures as text. `ticks`: which labels stand under the axis."""
    top = max((value for _name, values in series for value in values), default=Decimal(0))
    group = WIDTH / max(1, len(labels))
    each = group * (1 - _GAP) / max(1, len(series))
    drawn = []
    for number, (name, values) in enumerate(series):
        for at, value in enumerate(values):
            if not value or not top:
                continue
            height = max(2.0, float(value / top) * HEIGHT)  # the smallest figure is still seen
            x = at * group + group * _GAP / 2 + number * each
            title = f"{labels[at]} · {name}: {written[number][at]}"
            drawn.append(Bar(_px(x), _px(HEIGHT - height), _px(each), _px(height), number, title))
    rows = [
        (label, [texts[at] for texts in written])
        for at, label in enumerate(labels)
        if any(values[at] for _name, values in series)
    ]
    shown = [Tick(_px(at * group + group / 2), labels[at]) for at in ticks]
    return Bars(drawn, shown, rows, [name for name, _values in series], most)


def _px(value: float) -> str:
    """With a point whatever the language: it is an attribute of SVG, not a figure for people."""
    return f"{value:.2f}"
