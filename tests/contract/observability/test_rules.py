"""The rules: promtool reads them, every alert fires in its case and only there, and each has its runbook."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.contract.observability.alert_cases import CASES, ENDED
from tools.metric_docs import exported_names
from tools.observability.promql import metric_names
from tools.observability.rules import RUNBOOK, alerts_all, rules_document, rules_yaml, runbook_page
from tools.paths import ROOT
from tools.servers.debian import ensure_installed

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]
ALERTS = {alert.name: alert for alert in alerts_all()}


@pytest.fixture(scope="session")
def promtool():
    if not shutil.which("promtool") and not ensure_installed(("prometheus",)):
        pytest.skip("Debian's prometheus, with promtool, is missing and cannot be installed here")
    return lambda *arguments, cwd=None: subprocess.run(
        ["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("shorten", [1, 20, 60])
def test_promtool_reads_them_also_when_shortened(promtool, tmp_path, shorten):
    (tmp_path / "rules.yaml").write_text(rules_yaml(shorten=shorten))
    done = promtool("check", "rules", "--lint-fatal", "rules.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case():
    assert CASES.keys() == ALERTS.keys()


def rules_of(name):
    """The rules that an alert depends on, so that promtool need not work out the others."""
    document = rules_document()
    burns = "Burn" in name
    for group in document["groups"]:
        group["rules"] = [
            rule for rule in group["rules"] if rule.get("alert") == name or (burns and "record" in rule)
        ]
    return yaml.safe_dump(document)


def prometheus_test(name, series, minutes, firing):
    """Three days are looked at by the half-hour."""
    step = 30 if minutes > 4000 else 1
    series = {
        key: re.sub(r"0\+(\d+)x(\d+)", lambda m: f"0+{int(m[1]) * step}x{int(m[2]) // step}", values)
        for key, values in series.items()
    }
    found = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'
    return {
        "interval": f"{step}m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [
            {
                "expr": found,
                "eval_time": f"{minutes}m",
                "exp_samples": [{"labels": "{}", "value": int(firing)}],
            }
        ],
    }


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_alert_fires_when_it_should_and_not_otherwise(promtool, tmp_path, name):
    case = CASES[name]
    (tmp_path / "rules.yaml").write_text(rules_of(name))
    tests = [
        prometheus_test(name, case.fires, case.minutes, firing=True),
        prometheus_test(name, case.quiet, case.minutes, firing=False),
    ]
    if name in ENDED:
        tests.append(prometheus_test(name, ENDED[name], 60, firing=False))
    document = {
        "rule_files": ["rules.yaml"],
        "group_eval_order": [group["name"] for group in rules_document()["groups"]],
        "evaluation_interval": "30m" if case.minutes > 4000 else "1m",
        "tests": tests,
    }
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(document))
    done = promtool("test", "rules", "tests.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_ask_for_nothing_that_is_not_exported():
    known = (
        exported_names()
        | {"up", "ALERTS"}
        | {
            rule["record"]
            for group in rules_document()["groups"]
            for rule in group["rules"]
            if "record" in rule
        }
    )
    for group in rules_document()["groups"]:
        for rule in group["rules"]:
            unknown = metric_names(rule["expr"]) - known
            assert not unknown, (rule.get("alert") or rule["record"], unknown)


def test_the_runbook_has_every_alert_and_is_up_to_date():
    page = (ROOT / RUNBOOK).read_text()
    assert page == runbook_page(), "run python -m tools.observability.generate --write"
    anchors = {heading.lower() for heading in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    rules = [rule for group in rules_document()["groups"] for rule in group["rules"] if "alert" in rule]
    assert {rule["annotations"]["runbook_url"].rpartition("#")[2] for rule in rules} == anchors


def test_the_chart_has_these_rules():
    assert (ROOT / "charts/observability/rules/meshop.yaml").read_text() == rules_yaml()
