"""``python -m tools.observability.preview``: every panel of every dashboard, drawn from a live Prometheus on one page.

For where Grafana is not to be had. The page is one file, with drawings inside and no scripts; it shows what Grafana
would ask, in the same order.
"""

import argparse
import html
import math
import os
import re
import sys
import time
import urllib.error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.observability.panels import BOARDS, Board, Panel
from tools.paths import BUILD
from tools.servers.prometheus import prometheus_ask

PAGE = BUILD / "dashboards" / "index.html"
_WIDTH, _HEIGHT, _LEFT, _POINTS = 380, 150, 52, 120
_COLOURS = ("#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#0a9396", "#8f6f00", "#6c757d")
_SHOWN = 8
_STYLE = """
body{font:14px system-ui,sans-serif;margin:24px;background:#f4f5f7;color:#1f2329}
h2{margin:32px 0 4px}h3{margin:16px 0 6px;font-weight:600;color:#555}
main{display:flex;flex-wrap:wrap;gap:12px}
figure{background:#fff;border:1px solid #d8dbe0;border-radius:4px;margin:0;padding:8px;width:380px}
figcaption{font-weight:600}figure p{margin:2px 0;font-size:12px;color:#555}
ul{list-style:none;margin:4px 0 0;padding:0;font-size:11px}li{display:inline-block;margin-right:10px}
i{display:inline-block;width:10px;height:3px;margin-right:4px;vertical-align:middle}
text{font-size:10px;fill:#777}.empty{color:#b00}
"""


@dataclass(frozen=True)
class Line:
    """One series of a panel."""

    legend: str
    points: tuple[tuple[float, float], ...]


def panel_lines(panel: Panel, *, url: str, minutes: float) -> list[Line]:
    """What Prometheus answers to a panel's queries. Raises ``OSError``."""
    end = time.time()
    step = max(1.0, minutes * 60 / _POINTS)
    window = f"{max(4 * step, 30):.0f}s"
    lines = []
    for expression, legend in panel.queries:
        query = expression.replace("$__rate_interval", window)
        answer = prometheus_ask(
            url, "query_range", query=query, start=end - minutes * 60, end=end, step=f"{step:.0f}s"
        )
        for series in answer["result"]:
            values = ((float(at), float(value)) for at, value in series["values"])
            points = tuple((at, value) for at, value in values if math.isfinite(value))
            lines.append(Line(_named(legend, series["metric"]), points))
    return lines


def preview_page(boards: Iterable[Board], *, url: str, minutes: float) -> str:
    """The whole page."""
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Meshop dashboards</title>"]
    parts.append(f"<style>{_STYLE}</style><h1>Meshop dashboards</h1>")
    parts.append(f"<p>The last {minutes:g} minutes of a live Prometheus.</p>")
    for board in boards:
        parts.append(f"<section id={board.uid}><h2>{html.escape(board.title)}</h2>")
        for title, panels in board.rows:
            parts.append(f"<h3>{html.escape(title)}</h3><main>")
            parts += (_figure(panel, panel_lines(panel, url=url, minutes=minutes)) for panel in panels)
            parts.append("</main>")
        parts.append("</section>")
    return "\n".join(parts)


def _named(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend).strip() or "all"


def _figure(panel: Panel, lines: Sequence[Line]) -> str:
    drawn = [line for line in lines if line.points]
    # A quantile of nothing is no number: the series is there, and there is nothing to draw yet.
    empty = "" if drawn else f"<p class=empty>{'nothing yet' if lines else 'no such series'}</p>"
    says = f"<p>{html.escape(panel.says)}</p>" if panel.says else ""
    legend = "".join(
        f"<li><i style='background:{_COLOURS[number % len(_COLOURS)]}'></i>{html.escape(line.legend)}</li>"
        for number, line in enumerate(drawn[:_SHOWN])
    )
    return (
        f'<figure data-series="{len(lines)}" data-drawn="{len(drawn)}"><figcaption>{html.escape(panel.title)}'
        f"</figcaption>{says}{_svg(drawn, panel.unit)}{empty}<ul>{legend}</ul></figure>"
    )


def _svg(lines: Sequence[Line], unit: str) -> str:
    points = [point for line in lines for point in line.points]
    if not points:
        return f'<svg width="{_WIDTH}" height="{_HEIGHT}"></svg>'
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    top = max(max(value for _, value in points), 1e-9)
    shapes = []
    for number, line in enumerate(lines):
        places = " ".join(
            _place(at, value, first, last, top) for at, value in (*line.points, line.points[-1])
        )
        colour = _COLOURS[number % len(_COLOURS)]
        shapes.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{places}"/>')
    axis = f'<text x="2" y="12">{_amount(top, unit)}</text><text x="2" y="{_HEIGHT - 4}">0</text>'
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}">{axis}{"".join(shapes)}</svg>'


def _place(at: float, value: float, first: float, last: float, top: float) -> str:
    across = _LEFT + (_WIDTH - _LEFT - 4) * ((at - first) / (last - first) if last > first else 1)
    return f"{across:.1f},{_HEIGHT - 4 - (_HEIGHT - 14) * max(0.0, value) / top:.1f}"


def _amount(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "bytes":
        return f"{value / 1e6:.0f} MB"
    return f"{value:.3g} {'s' if unit == 's' else ''}".strip()


def preview_write(*, url: str, page: Path = PAGE, minutes: float = 30) -> Path:
    """Write the page. Raises :class:`ToolError` when Prometheus does not answer."""
    try:
        text = preview_page(BOARDS, url=url, minutes=minutes)
    except urllib.error.HTTPError as error:
        raise ToolError(
            f"Prometheus refused a query: {error.read().decode(errors='replace')[:300]}"
        ) from error
    except OSError as error:
        raise ToolError(f"No Prometheus answers at {url}: {error}") from error
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text)
    return page


def main() -> int:
    """Write the page and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.observability.preview", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("PROMETHEUS_URL") or "http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    print(preview_write(url=options.url, page=options.page, minutes=options.minutes))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(str(error))
