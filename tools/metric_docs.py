"""``docs/metrics.md``, made from the metrics that the code defines: ``python -m tools.metric_docs [--write]``."""

import argparse
import importlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import django
from prometheus_client.metrics import MetricWrapperBase

from tools.environment import placeholder_environment
from tools.paths import AI, BACKEND, BUILD, GATEWAY, OPERATORS, ROOT, SHARED

PAGE = ROOT / "docs" / "metrics.md"
ROOTS = (SHARED, GATEWAY, BACKEND, AI, OPERATORS)
_DEFINES = re.compile(r"^from prometheus_client import .*\b(Counter|Gauge|Histogram)\b", re.MULTILINE)

#: What each label may hold, and why that is bounded. A test wants every label here.
LABELS = {
    "action": "words of the code",
    "consumer": "consumers of `config/subscriptions.py`, and `unknown`",
    "currency": "ISO 4217 codes that the shop has sold in",
    "dependency": "breakers, one for each thing that is called",
    "error": "classes of errors of the code",
    "feature": "features of the model of fraud",
    "fraud": "yes and no",
    "kind": "kinds of the operator's objects",
    "measure": "functions of `config/measures.py`",
    "method": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, and `other`",
    "metric": "metrics of the analyses of rollouts, which staff write",
    "name": "CatalogReindex objects, which staff make",
    "operation": "operations of the AI services",
    "outcome": "words of the code",
    "phase": "phases of the operator's objects",
    "queue": "queues of `apps/core/broker.py` and their dead letters",
    "reason": "words of the code",
    "route": "route templates, and `unmatched`; never a path",
    "service": "programs of Meshop",
    "source": "engines of the search, or `model`, `cache`, `baseline`",
    "state": "words of the code",
    "status": "HTTP statuses, or statuses of a payment",
    "step": "entries of the timeline of orders",
    "task": "tasks of the code",
    "template": "templates of mails",
    "track": "stable and canary",
    "type": "types of `docs/events.md`",
    "upstream": "upstreams of the gateway's route table",
    "version": "the version that answers now: one for each process",
    "what": "words of the code",
    "why": "classes of errors of the code",
}
_HEAD = """\
# Metrics

Made from the definitions in the code by `python -m tools.metric_docs --write`; a test compares.

Every program shows its metrics at `/metrics`: gateway, backend and AI services on the port they serve, relay and
workers on `METRICS_PORT`. Prometheus finds them by the PodMonitors of the charts (`global.metrics.serviceMonitor`).
Counters of a program with several processes are sums over them. Gauges of backlogs and datastores are read by the
relay as `config/measures.py` says, so every relay shows the same: take their `max`.

No series is made by what clients send: `tests/contract/observability/test_cardinality.py` asks 10,000 random paths and
ids of each kind of program and wants no new one. Besides these, prometheus-client shows `process_*` and `python_*` of
programs with one process.
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is exported."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...]
    module: str

    @property
    def series(self) -> tuple[str, ...]:
        """Names that a query may use."""
        if self.type == "counter":
            return (f"{self.name}_total",)
        if self.type == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)

    @property
    def program(self) -> str:
        """Who exports it."""
        package, _, rest = self.module.partition(".")
        if self.module in (
            "apps.core.relay_metrics",
            "apps.core.queue_metrics",
            "apps.core.datastore_metrics",
        ):
            return "relay"
        if self.type == "gauge" and package == "apps" and rest.endswith((".metrics", "measures")):
            return "relay"
        if self.module == "apps.core.measures":
            return "relay"
        if self.module == "apps.core.inbox_metrics":
            return "workers"
        if self.module == "meshop_shared.metrics":
            return "gateway, backend, AI services"
        if package == "apps":
            return "backend, workers"
        return {
            "meshop_gateway": "gateway",
            "meshop_shared": "AI services",
            "meshop_operator": "operator",
        }.get(package, package)


def metrics_all() -> list[Metric]:
    """Every metric that the code defines, by name."""
    found: dict[str, Metric] = {}
    for module in modules_defining():
        for thing in vars(importlib.import_module(module)).values():
            if isinstance(thing, MetricWrapperBase) and thing._name not in found:
                found[thing._name] = Metric(
                    thing._name, str(thing._type), thing._documentation, tuple(thing._labelnames), module
                )
    return sorted(found.values(), key=lambda metric: metric.name)


def modules_defining() -> list[str]:
    """Modules that define metrics, those of the library first: others import from it."""
    return [
        ".".join(path.relative_to(root).with_suffix("").parts)
        for root in ROOTS
        for path in sorted(root.rglob("*.py"))
        if _DEFINES.search(path.read_text())
    ]


def exported_names() -> set[str]:
    """Every name that a query may use of our own metrics."""
    return {name for metric in metrics_all() for name in metric.series}


def metrics_page() -> str:
    """The whole page."""
    metrics = metrics_all()
    lines = [_HEAD]
    for program in sorted({metric.program for metric in metrics}):
        lines += [
            f"## {program[0].upper()}{program[1:]}",
            "",
            "| metric | type | labels | meaning |",
            "|---|---|---|---|",
        ]
        lines += _rows(metric for metric in metrics if metric.program == program)
        lines.append("")
    lines += ["## Labels", "", "| label | bounded by |", "|---|---|"]
    used = sorted({label for metric in metrics for label in metric.labels})
    lines += [f"| `{label}` | {LABELS.get(label, 'NOT SAID')} |" for label in used]
    return "\n".join(lines) + "\n"


def _rows(metrics: Iterator[Metric]) -> Iterator[str]:
    for metric in metrics:
        name = metric.series[0] if metric.type == "counter" else metric.name
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{name}` | {metric.type} | {labels} | {metric.help} |"


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the page")
    write = parser.parse_args().write
    os.environ.update(placeholder_environment(BUILD / "metric-docs"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    if write:
        PAGE.write_text(metrics_page())
    else:
        print(metrics_page(), end="")


if __name__ == "__main__":
    main()
