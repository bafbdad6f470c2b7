"""How ``/admin/`` signs people in."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.accounts.login_guard import login_guard_check, login_guard_record
from apps.accounts.models import User
from apps.core.throttling import client_ip
from meshop_shared.errors import RateLimited


class GuardedBackend(ModelBackend):
    """Django's users and permissions, with the same brake on guessing passwords as ``/api/auth/login/``."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user or ``None``. Raises Django's ``PermissionDenied``, a failed login, after too many."""
        email = username or ""
        ip = client_ip(request) if request else ""
        try:
            login_guard_check(email=email, ip=ip)
        except RateLimited as error:
            raise PermissionDenied() from error
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            login_guard_record(email=email, ip=ip)
        return user
