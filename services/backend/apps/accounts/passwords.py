"""Password hashing and the rules for choosing one."""

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from meshop_shared.errors import ValidationFailed


class OwaspArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the OWASP Password Storage Cheat Sheet's first choice: 19 MiB, t=2, p=1."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1


def password_validate(password: str, *, user: User, field: str) -> None:
    """Raise ``ValidationFailed`` on ``field`` with every rule of ``AUTH_PASSWORD_VALIDATORS`` that is broken."""
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise ValidationFailed(extra={"fields": {field: list(error.messages)}}) from error
