"""Durations and moments as they are written in specs and statuses."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

#: Objects are what the API server sends and takes: plain data.
Document = dict[str, Any]

_PART = re.compile(r"([0-9]{1,6})([hms])")
_UNIT_S = {"h": 3600, "m": 60, "s": 1}


def duration_parse(text: str) -> timedelta:
    """``1h30m`` as a duration. Raises ``ValueError``; the definitions let nothing else through."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration, as 30m, 24h or 1h30m")
    return timedelta(seconds=sum(int(number) * _UNIT_S[unit] for number, unit in parts))


def moment_text(moment: datetime) -> str:
    """A moment as Kubernetes writes it, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_parse(text: str) -> datetime:
    """What :func:`moment_text` wrote, and what the API server did."""
    return datetime.fromisoformat(text)


def moment_of(status: Document, field: str) -> datetime | None:
    """A moment of a status; ``None`` when it is not there."""
    text = status.get(field)
    return moment_parse(text) if text else None


def seconds_until(moment: datetime, now: datetime) -> float:
    """How long to wait; never negative."""
    return max(0.0, (moment - now).total_seconds())
