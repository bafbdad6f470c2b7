"""When a scheduled rebuild is due. Pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

#: More times than these are not looked through for the last one that was missed.
_MISSED_MAX = 1_000


class ScheduleWrong(ValueError):
    """It means nothing, or a time zone is not known here."""


def schedule_next(schedule: str, time_zone: str, after: datetime) -> datetime:
    """The first time after a moment. Raises :class:`ScheduleWrong`."""
    try:
        zone = ZoneInfo(time_zone or "UTC")
        return next(CronSim(schedule, after.astimezone(zone))).astimezone(UTC)
    except (ZoneInfoNotFoundError, CronSimError, StopIteration, ValueError) as error:
        raise ScheduleWrong(f"spec.schedule {schedule!r} ({time_zone or 'UTC'}): {error}") from error


def schedule_due(schedule: str, time_zone: str, *, after: datetime, now: datetime) -> datetime | None:
    """The latest time between ``after`` and ``now``: however many were missed, one is made up for."""
    found = None
    moment = schedule_next(schedule, time_zone, after)
    for _ in range(_MISSED_MAX):
        if moment > now:
            return found
        found = moment
        moment = schedule_next(schedule, time_zone, moment)
    return now
