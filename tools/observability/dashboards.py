"""Grafana's dashboards out of :mod:`tools.observability.panels`, by Grafana's own SDK."""

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from tools.observability.panels import BOARDS, Board, Panel

#: Grafana puts in the data source that the reader has chosen.
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDTH, _HEIGHT = 8, 8


def dashboard_files() -> dict[str, str]:
    """The JSON of every dashboard, by the name of its file."""
    return {f"{board.uid}.json": _json(board) for board in BOARDS}


def _json(board: Board) -> str:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .tags(["meshop"])
        .refresh("30s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
    )
    for title, panels in board.rows:
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_panel(panel))
    return f"{JSONEncoder(sort_keys=True, indent=1).encode(made.build())}\n"


def _panel(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.says)
        .unit(panel.unit)
        .min(0)
        .fill_opacity(10)
        .datasource(_SOURCE)
        .span(_WIDTH)
        .height(_HEIGHT)
    )
    for number, (expression, legend) in enumerate(panel.queries):
        query = prometheus.Dataquery().expr(expression).legend_format(legend)
        made = made.with_target(query.datasource(_SOURCE).ref_id(chr(ord("A") + number)))
    return made
