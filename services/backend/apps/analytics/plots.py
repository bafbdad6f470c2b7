"""Plots for a page, as numbers that a template writes into SVG. No script, no style of its own, nothing loaded.

Colours come from the style sheet's classes. Coordinates are of a canvas that the page scales to its width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 10, 12, 28
_ROW, _BAR, _LABEL = 26, 16, 220


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: its points as SVG wants them, and its legend."""

    name: str
    css: str
    points: str


@dataclass(frozen=True, slots=True)
class LinePlot:
    """Lines over time."""

    title: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    base: int = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with what stands before and behind it."""

    label: str
    value: str
    y: int
    length: float


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Bars below each other, the longest as long as there is room."""

    title: str
    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH
    start: int = _LABEL
    thickness: int = _BAR


def line_plot(
    *, title: str, labels: Sequence[str], lines: Sequence[tuple[str, str, Sequence[float]]]
) -> LinePlot:
    """Lines ``(name, css class, values)`` that share ``labels``; the axis begins at zero or below."""
    values = [value for _, _, series in lines for value in series]
    top, bottom = max([*values, 0.0]), min([*values, 0.0])
    step = nice_step((top - bottom) / 4)
    first, last = int(bottom // step), max(1, int(-(-top // step)))
    steps = [step * number for number in range(first, last + 1)]
    low, high = steps[0], steps[-1]

    def x(index: int) -> float:
        room = WIDTH - _LEFT - _RIGHT
        return round(_LEFT + room * (index / (len(labels) - 1) if len(labels) > 1 else 0.5), 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low), 1)

    marked = sorted({(len(labels) - 1) * part // 6 for part in range(7)}) if labels else []
    return LinePlot(
        title=title,
        lines=tuple(
            Line(name, css, " ".join(f"{x(index)},{y(value)}" for index, value in enumerate(series)))
            for name, css, series in lines
        ),
        across=tuple(Tick(x(index), labels[index]) for index in marked),
        up=tuple(Tick(y(value), f"{value:,.0f}" if step >= 1 else f"{value:,.2f}") for value in steps),
    )


def bar_plot(*, title: str, rows: Sequence[tuple[str, float, str]]) -> BarPlot:
    """Bars ``(label, value, text)``; what is below zero has no length."""
    longest = max([value for _, value, _ in rows], default=0)
    room = WIDTH - _LABEL - 130
    bars = tuple(
        Bar(label, text, index * _ROW + 6, round(max(0.0, room * value / longest), 1) if longest > 0 else 0.0)
        for index, (label, value, text) in enumerate(rows)
    )
    return BarPlot(title=title, bars=bars, height=len(rows) * _ROW + 12)


def nice_step(rough: float) -> float:
    """The round number, 1, 2 or 5 by a power of ten, at or above ``rough``; at least a hundredth."""
    power = 0.01
    while power * 10 <= rough:
        power *= 10
    return next((factor * power for factor in (1, 2, 5, 10) if factor * power >= rough), power * 10)
