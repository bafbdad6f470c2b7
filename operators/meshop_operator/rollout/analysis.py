"""Judging a canary by numbers. Pure: what was measured comes in, verdicts and counts come out."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from meshop_operator.values import Document, duration_parse, moment_of, moment_text, seconds_until


class Verdict(StrEnum):
    """What one look at a metric was, and what a metric has come to."""

    GOOD = "Good"
    BAD = "Bad"
    NO_DATA = "NoData"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    WAITING = "Waiting"


@dataclass(frozen=True)
class Look:
    """What was measured. ``None`` is no number; ``error`` says why there is none; ``done`` is how a Job ended."""

    value: float | None = None
    stable: float | None = None
    samples: float | None = None
    error: str = ""
    done: bool | None = None
    message: str = ""


def is_number(value: float | None) -> bool:
    """Whether it can be compared: Prometheus divides by zero and answers NaN."""
    return value is not None and math.isfinite(value)


def look_judge(metric: Document, look: Look) -> tuple[Verdict, str]:
    """One look, and why."""
    if look.error:
        return Verdict.ERROR, look.error
    if "job" in metric:
        return _job_judge(metric, look)
    if look.samples is not None and look.samples < metric.get("minSamples", 0):
        return _no_data(metric, f"{look.samples:g} samples, fewer than {metric['minSamples']}")
    if look.samples is None and metric.get("minSamples", 0):
        return _no_data(metric, "no samples")
    value = _compared(metric, look)
    if value is None:
        return _no_data(metric, "no number")
    return _bounds(metric, value)


def _compared(metric: Document, look: Look) -> float | None:
    """The number that min and max are about; infinite when stable's is zero and the canary's is not."""
    against = metric.get("against", "Absolute")
    if look.value is None or not is_number(look.value):
        return None
    if against == "Absolute":
        return look.value
    if look.stable is None or not is_number(look.stable):
        return None
    if against == "StableDifference":
        return look.value - look.stable
    if look.stable == 0:
        return 1.0 if look.value == 0 else math.copysign(math.inf, look.value)
    return look.value / look.stable


def _bounds(metric: Document, value: float) -> tuple[Verdict, str]:
    shown = f"{value:.4g}"
    if "max" in metric and value > metric["max"]:
        return Verdict.BAD, f"{shown} is more than {metric['max']:g}"
    if "min" in metric and value < metric["min"]:
        return Verdict.BAD, f"{shown} is less than {metric['min']:g}"
    return Verdict.GOOD, shown


def _no_data(metric: Document, why: str) -> tuple[Verdict, str]:
    verdict = {"Pass": Verdict.GOOD, "Fail": Verdict.BAD, "Inconclusive": Verdict.INCONCLUSIVE}
    return verdict.get(metric.get("onNoData", "Wait"), Verdict.NO_DATA), why


def _job_judge(metric: Document, look: Look) -> tuple[Verdict, str]:
    if look.done is None:
        return Verdict.WAITING, "the Job runs"
    if not look.done:
        return Verdict.BAD, look.message or "the Job failed"
    if look.value is None or not ("min" in metric or "max" in metric):
        return Verdict.GOOD, look.message or "the Job ended well"
    return _bounds(metric, look.value)


def entry_after(metric: Document, entry: Document, look: Look, now: datetime) -> Document:
    """The status of a metric after one more look."""
    verdict, why = look_judge(metric, look)
    made = {
        "passes": 0, "failures": 0, "errors": 0, "inconclusive": 0, **entry,
        "name": metric["name"], "verdict": str(verdict), "message": why[:300], "lookedAt": moment_text(now),
    }  # fmt: skip
    for field, number in (
        ("value", look.value),
        ("stableValue", look.stable),
        ("samples", look.samples),
    ):
        made.pop(field, None)
        if number is not None and is_number(number):
            made[field] = round(float(number), 6)
    counted = {Verdict.GOOD: "passes", Verdict.BAD: "failures", Verdict.INCONCLUSIVE: "inconclusive"}
    if verdict in counted:
        made[counted[verdict]] += 1
    made["errors"] = made["errors"] + 1 if verdict is Verdict.ERROR else 0
    return made


def metric_outcome(metric: Document, entry: Document) -> tuple[Verdict, str]:
    """What a metric has come to: good enough to go on, bad, inconclusive, or still waiting; and why."""
    name, why = metric["name"], entry.get("message", "")
    if entry.get("failures", 0) > metric.get("failureLimit", 0):
        return Verdict.BAD, f"{name}: {why}"
    if entry.get("errors", 0) > metric.get("errorLimit", 4):
        return Verdict.ERROR, f"{name} could not be measured: {why}"
    if entry.get("inconclusive", 0) > metric.get("inconclusiveLimit", 3):
        return Verdict.INCONCLUSIVE, f"{name}: {why}"
    if entry.get("passes", 0) >= metric.get("count", 1):
        return Verdict.GOOD, f"{name}: {why}"
    return Verdict.WAITING, f"{name}: {why}"


def metric_due(metric: Document, entry: Document, now: datetime) -> float:
    """Seconds until it is to be looked at again."""
    looked = moment_of(entry, "lookedAt")
    if looked is None:
        return 0.0
    return seconds_until(looked + duration_parse(metric.get("interval", "10s")), now)
