"""Slows down guessing of passwords: ten failures in five minutes per account and client address, then 429."""

from apps.core.throttling import failure_record, failures_check

_NAME, _LIMIT, _WINDOW_S = "login", 10, 300


def login_guard_check(*, email: str, ip: str) -> None:
    """Raise ``RateLimited`` if this client has guessed too often for this account."""
    failures_check(name=_NAME, key=f"{email.strip().lower()}\n{ip}", limit=_LIMIT)


def login_guard_record(*, email: str, ip: str) -> None:
    """Count a wrong password."""
    failure_record(name=_NAME, key=f"{email.strip().lower()}\n{ip}", window_s=_WINDOW_S)
