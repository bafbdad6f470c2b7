"""Changing and resetting passwords. Either ends the sessions that somebody else may hold."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from apps.accounts.errors import ResetInvalid
from apps.accounts.login_guard import login_guard_check, login_guard_record
from apps.accounts.models import User
from apps.accounts.passwords import password_validate
from apps.accounts.selectors import user_find, user_for_reset, user_roles
from apps.accounts.services.sessions import TokenPair, session_renew, sessions_revoke
from apps.core.events import event_emit
from meshop_shared.errors import ValidationFailed


def password_change(
    *, user: User, family_id: UUID, old_password: str, new_password: str, ip: str
) -> TokenPair:
    """Set a new password, end all other sessions, and return fresh tokens for this one.

    Raises ``ValidationFailed`` on ``old_password`` or ``new_password``, and ``RateLimited`` as a login does.
    """
    login_guard_check(email=user.email, ip=ip)
    if not user.check_password(old_password):
        login_guard_record(email=user.email, ip=ip)
        raise ValidationFailed.for_field("old_password", "This is not your password.")
    password_validate(new_password, user=user, field="new_password")
    new_hash, roles = make_password(new_password), user_roles(user=user)
    with transaction.atomic():
        if not _password_swap(user_id=user.pk, old_hash=user.password, new_hash=new_hash):
            raise ValidationFailed.for_field("old_password", "This is not your password any more.")
        sessions_revoke(user_id=user.pk, reason="password_change", except_family_id=family_id)
        return session_renew(user=user, roles=roles, family_id=family_id)


@dataclass(frozen=True, slots=True)
class ResetProof:
    """What somebody must send to set a new password without the old one."""

    uid: str
    token: str


@transaction.atomic
def password_reset_request(*, email: str) -> None:
    """Have a reset token mailed if there is such an account; callers cannot tell.

    The token is made when the mail is: until then there is nothing that could leak from a queue or a log.
    """
    user = user_for_reset(email=email)
    if user is not None:
        event_emit(
            type="user.password_reset_requested", aggregate=f"user:{user.pk}", payload={"user_id": user.pk}
        )


def password_reset_proof(*, user_id: int) -> ResetProof | None:
    """A fresh proof for the mail; ``None`` if the account is closed."""
    user = user_find(user_id=user_id)
    if user is None or not user.is_active:
        return None
    uid = urlsafe_base64_encode(str(user.pk).encode())
    return ResetProof(uid=uid, token=default_token_generator.make_token(user))


def password_reset_confirm(*, uid: str, token: str, new_password: str) -> None:
    """Set a new password with a mailed token, once, and end all sessions.

    Raises :class:`ResetInvalid`, ``ValidationFailed`` on ``new_password`` (the token stays good).
    """
    user = _user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        raise ResetInvalid()
    password_validate(new_password, user=user, field="new_password")
    new_hash = make_password(new_password)
    with transaction.atomic():
        if not _password_swap(user_id=user.pk, old_hash=user.password, new_hash=new_hash):
            raise ResetInvalid()
        sessions_revoke(user_id=user.pk, reason="password_reset")


def _password_swap(*, user_id: int, old_hash: str, new_hash: str) -> bool:
    """Compare and set: ``False`` if somebody has changed the password since ``old_hash`` was read."""
    return User.objects.filter(pk=user_id, password=old_hash).update(password=new_hash) == 1


def _user_of(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
