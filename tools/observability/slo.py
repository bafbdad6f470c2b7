"""Service level objectives: recording rules for every window, and burn-rate alerts over pairs of windows.

An alert fires when the error budget is spent so many times as fast as it may be, over a long window, which says that it
matters, and over a short one, which says that it still goes on (Site Reliability Workbook, chapter 5).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tools.observability.alerting import Alert, Window, windows

#: Streams last as long as somebody talks.
_REQUESTS = 'service="gateway",route!="/api/chat/*"'


@dataclass(frozen=True, slots=True)
class Objective:
    """A share of requests that must be good."""

    name: str
    target: float
    what: str
    #: Share of bad requests over a window, 0 without any requests.
    bad: Callable[[str], str]
    runbook_look: str

    @property
    def budget(self) -> float:
        """Share of requests that may be bad."""
        return round(1 - self.target, 6)

    def record(self, minutes: int) -> str:
        """Name of the recording rule of a window."""
        return f"meshop:{self.name}_bad:ratio_rate{_name(minutes)}"


def _share(bad: str, all: str, window: str) -> str:
    return f"(sum(rate({bad}[{window}])) or vector(0)) / (sum(rate({all}[{window}])) > 0) or vector(0)"


def _errors(window: str) -> str:
    return _share(
        f'meshop_http_requests_total{{{_REQUESTS},status=~"5.."}}',
        f"meshop_http_requests_total{{{_REQUESTS}}}",
        window,
    )


def _slow(window: str) -> str:
    fast = f'sum(rate(meshop_http_request_seconds_bucket{{{_REQUESTS},le="0.5"}}[{window}]))'
    return f"1 - {fast} / (sum(rate(meshop_http_request_seconds_count{{{_REQUESTS}}}[{window}])) > 0) or vector(0)"


def _checkout(window: str) -> str:
    steps = 'service="backend",method="POST",route=~"/api/(orders|payments)/.*"'
    return _share(
        f'meshop_http_requests_total{{{steps},status=~"5.."}}',
        f"meshop_http_requests_total{{{steps}}}",
        window,
    )


OBJECTIVES = (
    Objective(
        "availability", 0.999, "requests answered without a server error", _errors,
        "The API dashboard shows which routes fail; `note` in the gateway's log lines says how each was answered.",
    ),
    Objective(
        "latency", 0.99, "requests answered within half a second", _slow,
        "The API dashboard shows the slow routes, traces of slow requests show where their time goes.",
    ),
    Objective(
        "checkout", 0.999, "orders and payments answered without a server error", _checkout,
        "The dashboard of checkout and money; `code` in the envelope of the failed requests; the timeline of an order.",
    ),
)  # fmt: skip
#: Rate at which the budget burns, long and short window in minutes, minutes that it has to hold, severity.
BURNS = (
    (14.4, 60, 5, 2, "page"),
    (6.0, 360, 30, 5, "page"),
    (1.0, 4320, 360, 60, "ticket"),
)
_WINDOWS = sorted({minutes for _, long, short, *_ in BURNS for minutes in (long, short)})


def recording_rules(shorten: float = 1) -> Iterator[dict[str, Any]]:
    """The share of bad requests over every window, under names that do not depend on ``shorten``."""
    write = windows(shorten)
    for objective in OBJECTIVES:
        for minutes in _WINDOWS:
            yield {"record": objective.record(minutes), "expr": objective.bad(write(minutes))}


def burn_alerts() -> list[Alert]:
    """An alert for each objective and rate."""
    return [
        _burn(objective, factor, long, short, holds, severity)
        for objective in OBJECTIVES
        for factor, long, short, holds, severity in BURNS
    ]


def _burn(objective: Objective, factor: float, long: int, short: int, holds: float, severity: str) -> Alert:
    limit = f"{factor:g} * {objective.budget:g}"
    speed = {14.4: "Fast", 6.0: "Medium", 1.0: "Slow"}[factor]

    def expression(_: Window) -> str:
        return f"{objective.record(long)} > {limit} and {objective.record(short)} > {limit}"

    return Alert(
        name=f"{objective.name.title()}Burn{speed}",
        severity=severity,
        expression=expression,
        holds=holds,
        summary=f"The error budget of {objective.name} burns {factor:g} times as fast as it may.",
        means=f"{objective.target:.1%} of {objective.what} is promised over 30 days; at this rate the budget lasts "
        f"{30 / factor:.0f} days.",
        look=objective.runbook_look,
        do="Undo the last change (`helm rollback`), if it began with one. Otherwise look for the symptom alert that "
        "fires beside this one, and follow it.",
    )


def _name(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
