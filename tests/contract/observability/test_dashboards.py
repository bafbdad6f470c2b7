"""The dashboards: as the code makes them, and showing nothing that is not exported."""

import json
import subprocess

import pytest
import yaml

from tools.metric_docs import exported_names, metrics_all
from tools.observability.dashboards import dashboard_files
from tools.observability.generate import CHART, generated
from tools.observability.panels import BOARDS, FOREIGN
from tools.observability.promql import metric_names
from tools.observability.rules import rules_document
from tools.servers.prometheus import ensure_prometheus

pytestmark = pytest.mark.contract
PANELS = [(board, panel) for board in BOARDS for _, panels in board.rows for panel in panels]
RECORDED = {
    rule["record"] for group in rules_document()["groups"] for rule in group["rules"] if "record" in rule
}


def test_files_are_up_to_date():
    stale = [str(path) for path, text in generated().items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run python -m tools.observability.generate --write"
    assert {file.name for file in (CHART / "dashboards").iterdir()} == dashboard_files().keys()


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda thing: thing.title)
def test_a_panel_asks_for_nothing_that_is_not_exported(board, panel):
    for expression, _ in panel.queries:
        unknown = metric_names(expression) - exported_names() - RECORDED - FOREIGN
        assert not unknown, unknown


def test_every_metric_is_on_a_dashboard():
    shown = {
        name for _, panel in PANELS for expression, _ in panel.queries for name in metric_names(expression)
    }
    assert [metric.name for metric in metrics_all() if not shown & set(metric.series)] == []


def test_promtool_reads_every_expression(tmp_path):
    if not ensure_prometheus():
        pytest.skip("Debian's prometheus, with promtool, is missing and cannot be installed here")
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, (expression, _) in enumerate(query for _, panel in PANELS for query in panel.queries)
    ]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(dashboard_files()))
def test_a_dashboard_is_one_for_grafana(name):
    made = json.loads(dashboard_files()[name])
    assert made["uid"] == name.removesuffix(".json")
    panels = [panel for panel in made["panels"] if panel["type"] != "row"]
    assert panels
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert [target["refId"] for target in panel["targets"]] == sorted(
            {t["refId"] for t in panel["targets"]}
        )
    places = [tuple(panel["gridPos"][key] for key in "xy") for panel in panels]
    assert len(set(places)) == len(places), "two panels in one place"
