"""Moments as whole microseconds since 1970: exact in every engine."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_to_us(moment: datetime) -> int:
    """Microseconds."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def us_to_moment(microseconds: int) -> datetime:
    """The inverse."""
    return _EPOCH + timedelta(microseconds=microseconds)
