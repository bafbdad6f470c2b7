"""The page of all dashboards in a real browser: every panel is there, and draws."""

import contextlib

from tests.support.polling import wait_until
from tools.observability.panels import BOARDS
from tools.observability.preview import preview_write

#: Outside of a cluster there are neither sidecars nor an operator.
ELSEWHERE = {"meshop-mesh", "meshop-operator"}
_FIGURES = """
return [...document.querySelectorAll(arguments[0])].map(figure => {
  const lines = [...figure.querySelectorAll('polyline')];
  return {
    title: figure.querySelector('figcaption').textContent,
    series: Number(figure.dataset.series),
    drawn: lines.filter(line => line.getTotalLength() > 0 && line.getBoundingClientRect().width > 0).length,
  };
});
"""


def test_every_panel_draws(browser, prometheus, tmp_path, shopping):
    def figures(board):
        return browser.execute_script(_FIGURES, f"#{board.uid} figure")

    def missing():
        shopping()
        browser.get(preview_write(url=prometheus, page=tmp_path / "page.html", minutes=5).as_uri())
        return [
            (board.uid, figure["title"])
            for board in BOARDS
            if board.uid not in ELSEWHERE
            for figure in figures(board)
            if not figure["drawn"]
        ]

    with contextlib.suppress(AssertionError):
        wait_until(lambda: not missing(), timeout_s=90, every_s=3)
    assert missing() == []
    for board in BOARDS:
        assert len(figures(board)) == sum(len(panels) for _, panels in board.rows), board.uid
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
