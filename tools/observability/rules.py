"""All rules as Prometheus reads them, and the runbook of the alerts."""

from collections.abc import Iterable
from typing import Any

import yaml

from tools.observability.alerting import Alert, windows
from tools.observability.slo import burn_alerts, recording_rules
from tools.observability.symptoms import COMMERCE, PLATFORM

RUNBOOK = "docs/runbooks/alerts.md"
_RUNBOOK_HEAD = """\
# Runbook of the alerts

Made from `tools/observability` by `python -m tools.observability.generate --write`; a test compares. Severity `page`
wakes somebody, `ticket` waits for the morning. Every alert has a test in which it fires, one in which it does not, and
those that a drill can provoke have been seen firing on a running Meshop (`make drill`, docs/observability.md).
"""


def alert_groups() -> dict[str, list[Alert]]:
    """Every alert, by the group that Prometheus evaluates together."""
    return {"meshop-slo": burn_alerts(), "meshop-platform": list(PLATFORM), "meshop-commerce": list(COMMERCE)}


def alerts_all() -> list[Alert]:
    """Every alert."""
    return [alert for alerts in alert_groups().values() for alert in alerts]


def rules_document(*, shorten: float = 1, runbooks: str = "") -> dict[str, Any]:
    """The rule file. ``shorten`` divides every window, for drills; ``runbooks`` is put before the runbook's path."""
    groups: list[dict[str, Any]] = [
        {
            "name": "meshop-slo-records",
            "interval": _interval(shorten),
            "rules": list(recording_rules(shorten)),
        }
    ]
    for name, alerts in alert_groups().items():
        rules = [_rule(alert, shorten, runbooks) for alert in alerts]
        groups.append({"name": name, "interval": _interval(shorten), "rules": rules})
    return {"groups": groups}


def rules_yaml(*, shorten: float = 1, runbooks: str = "") -> str:
    """The same as text."""
    document = rules_document(shorten=shorten, runbooks=runbooks)
    return yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)


def runbook_page() -> str:
    """One section for each alert."""
    return "\n".join([_RUNBOOK_HEAD, *(_section(alert) for alert in alerts_all())])


def expressions(groups: Iterable[dict[str, Any]]) -> list[str]:
    """The PromQL of every rule."""
    return [rule["expr"] for group in groups for rule in group["rules"]]


def _interval(shorten: float) -> str:
    return "30s" if shorten == 1 else "2s"


def _rule(alert: Alert, shorten: float, runbooks: str) -> dict[str, Any]:
    write = windows(shorten)
    rule: dict[str, Any] = {"alert": alert.name, "expr": alert.expression(write)}
    if alert.holds:
        rule["for"] = write(alert.holds) if shorten == 1 else f"{max(2, round(alert.holds * 60 / shorten))}s"
    rule["labels"] = {"severity": alert.severity, "app": "meshop"}
    rule["annotations"] = {
        "summary": alert.summary,
        "description": alert.means,
        "runbook_url": f"{runbooks}{RUNBOOK}#{alert.name.lower()}",
    }
    return rule


def _section(alert: Alert) -> str:
    holds = f", for {alert.holds:g} min" if alert.holds else ""
    return f"""## {alert.name}
{alert.summary.replace("{{ $labels.", "<").replace(" }}", ">")} ({alert.severity}{holds})

**Means:** {alert.means}
**Look:** {alert.look}
**Do:** {alert.do}

```promql
{alert.expression(windows())}
```
"""
