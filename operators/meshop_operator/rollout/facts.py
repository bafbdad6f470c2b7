"""Facts of a rollout: what is seen, and which metrics count. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from meshop_operator.rollout.analysis import Look, metric_due
from meshop_operator.values import Document

#: The canary is there, or on its way.
LIVE = frozenset({"Starting", "Progressing", "Paused", "Promoting", "RollingBack"})
#: It may be told to stop.
FORWARD = LIVE - {"RollingBack"}
ENDED = frozenset({"Promoted", "RolledBack"})


@dataclass(frozen=True)
class Workload:
    """A Deployment as it is. ``settled``: all its pods are of its present template, and work."""

    replicas: int = 0
    ready: int = 0
    settled: bool = False
    version: str = ""


@dataclass(frozen=True)
class Seen:
    """Facts. ``problem`` is why nothing can be begun, as reason and sentence."""

    stable: Workload | None = None
    canary: Workload | None = None
    problem: tuple[str, str] | None = None
    ahead: str = ""
    route: str = ""
    route_owned: bool = False
    route_clean: bool = True
    looks: Mapping[str, Look] = field(default_factory=dict)


def metrics_watched(spec: Document, status: Document) -> list[Document]:
    """Metrics that count now: those of the step, and those in the background once the canary has requests."""
    if status.get("phase") not in ("Progressing", "Paused"):
        return []
    names = set()
    index = int(status.get("stepIndex", 0))
    if index < len(spec["steps"]) and status.get("phase") == "Progressing":
        names |= set(spec["steps"][index].get("analysis", {}).get("metrics", []))
    if status.get("weight") or status.get("mirror"):
        names |= set(spec.get("background", []))
    return [metric for metric in spec.get("metrics", []) if metric["name"] in names]


def metrics_due(spec: Document, status: Document, now: datetime) -> list[Document]:
    """Those that are to be looked at now."""
    entries = {entry["name"]: entry for entry in status.get("analysis", [])}
    return [
        m for m in metrics_watched(spec, status) if metric_due(m, entries.get(m["name"], {}), now) <= 0.05
    ]
