"""Plots: every point is on the canvas, and the axes say round numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.analytics.plots import HEIGHT, WIDTH, bar_plot, line_plot, nice_step


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200))
def test_lines_stay_on_the_canvas(values):
    plot = line_plot(
        title="Sales", labels=[str(n) for n in range(len(values))], lines=[("Net", "net", values)]
    )
    points = [tuple(map(float, pair.split(","))) for pair in plot.lines[0].points.split()]
    assert len(points) == len(values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert 2 <= len(plot.up) <= 12
    assert len(plot.across) <= 7


def test_higher_is_further_up_and_later_is_further_right():
    plot = line_plot(title="Sales", labels=["a", "b"], lines=[("Net", "net", [1.0, 2.0])])
    (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in plot.lines[0].points.split())
    assert x2 > x1
    assert y2 < y1


def test_nothing_to_draw():
    plot = line_plot(title="Sales", labels=[], lines=[("Net", "net", [])])
    assert plot.lines[0].points == ""
    assert bar_plot(title="Best", rows=[]).bars == ()


def test_bars_are_in_proportion():
    bars = bar_plot(title="Best", rows=[("a", 100, "100"), ("b", 50, "50"), ("c", -5, "-5")]).bars
    assert [round(bar.length / bars[0].length, 3) for bar in bars] == [1, 0.5, 0]
    assert len({bar.y for bar in bars}) == 3


@pytest.mark.parametrize(
    ("rough", "step"), [(0, 0.01), (0.3, 0.5), (1, 1), (1.2, 2), (3, 5), (70, 100), (1e6, 1e6)]
)
def test_steps_are_round(rough, step):
    assert nice_step(rough) == pytest.approx(step)
