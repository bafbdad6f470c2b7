"""Accounts: registering, signing in, the profile."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from apps.accounts.errors import EmailTaken, InvalidCredentials
from apps.accounts.locks import user_lock
from apps.accounts.login_guard import login_guard_check, login_guard_record
from apps.accounts.models import User, UserProfile
from apps.accounts.passwords import password_validate
from apps.accounts.selectors import profile_get, user_for_login
from apps.accounts.services.sessions import TokenPair, session_open
from apps.accounts.signals import user_signed_in

_USER_FIELDS = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user and the tokens of the session that has just begun."""

    user: User
    tokens: TokenPair


def user_register(
    *, email: str, password: str, first_name: str = "", last_name: str = "", cart_token: str | None = None
) -> SignedIn:
    """Create an account and sign it in. Raises :class:`EmailTaken`, ``ValidationFailed`` on ``password``."""
    user = User(email=email.strip().lower(), first_name=first_name, last_name=last_name)
    password_validate(password, user=user, field="password")
    user.password = make_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            UserProfile.objects.create(user=user)
            tokens = session_open(user=user, roles=())
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise EmailTaken() from error
        raise
    user_signed_in.send_robust(User, user=user, cart_token=cart_token)
    return SignedIn(user, tokens)


def user_login(*, email: str, password: str, ip: str, cart_token: str | None = None) -> SignedIn:
    """Check the password and start a session. Raises :class:`InvalidCredentials`, ``RateLimited``.

    Takes one password hash of time whether or not the account exists, so that timing tells nothing. The account is
    looked at again under its lock: a password that was changed during the hash opens no session.
    """
    login_guard_check(email=email, ip=ip)
    found = user_for_login(email=email)
    if found is None:
        make_password(password)
    if found is None or not found[0].check_password(password) or not found[0].is_active:
        login_guard_record(email=email, ip=ip)
        raise InvalidCredentials()
    user, roles = found
    with transaction.atomic():
        locked = user_lock(user_id=user.pk)
        if locked is None or locked.password != user.password or not locked.is_active:
            raise InvalidCredentials()
        tokens = session_open(user=user, roles=roles)
    user_signed_in.send_robust(User, user=user, cart_token=cart_token)
    return SignedIn(user, tokens)


@transaction.atomic
def profile_update(*, user: User, changes: dict[str, Any]) -> UserProfile:
    """Change names and profile fields; what ``changes`` does not name stays. ``user`` is brought up to date."""
    names = {field: changes[field] for field in _USER_FIELDS if field in changes}
    details = {field: value for field, value in changes.items() if field not in _USER_FIELDS}
    if names:
        for field, value in names.items():
            setattr(user, field, value)
        user.save(update_fields=list(names))
    if details:
        return UserProfile.objects.update_or_create(user=user, defaults=details)[0]
    return profile_get(user=user)
