"""When a scheduled rebuild is due."""

from datetime import UTC, datetime

import pytest

from meshop_operator.reindex.schedules import ScheduleWrong, schedule_due, schedule_next
from meshop_operator.values import duration_parse


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_times_are_those_of_the_zone():
    assert schedule_next("30 3 * * 1", "Europe/Berlin", at("2026-11-23T00:00")) == at("2026-11-23T02:30")
    assert schedule_next("30 3 * * 1", "", at("2026-11-23T00:00")) == at("2026-11-23T03:30")


def test_of_many_that_were_missed_the_last_is_due():
    due = schedule_due("0 * * * *", "", after=at("2026-11-20T00:00"), now=at("2026-11-23T10:20"))
    assert due == at("2026-11-23T10:00")


def test_before_the_first_time_nothing_is_due():
    assert schedule_due("0 3 * * *", "", after=at("2026-11-23T03:00"), now=at("2026-11-24T02:59")) is None


def test_a_year_of_missed_minutes_is_made_up_for_once():
    assert schedule_due("* * * * *", "", after=at("2025-01-01T00:00"), now=at("2026-01-01T00:00"))


@pytest.mark.parametrize(
    ("schedule", "zone"), [("99 * * * *", ""), ("0 3 30 2 *", ""), ("0 3 * * *", "Mars/Base")]
)
def test_what_means_nothing_is_said(schedule, zone):
    with pytest.raises(ScheduleWrong):
        schedule_next(schedule, zone, at("2026-11-23T00:00"))


def test_durations():
    assert duration_parse("1h30m").total_seconds() == 5400
    for wrong in ("", "5", "m", "1d", "1h 2m"):
        with pytest.raises(ValueError, match="no duration"):
            duration_parse(wrong)
