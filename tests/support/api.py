"""Calling the API in process, as somebody."""

import uuid
from typing import Any

from rest_framework.test import APIClient

from apps.accounts.models import TokenFamily, User
from apps.accounts.signing import token_signer


def client_of(user: User | None = None, **headers: str) -> APIClient:
    """A client signed in as ``user``, or an anonymous one."""
    client = APIClient()
    credentials: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()
    }
    if user is not None:
        family = TokenFamily.objects.create(user=user)
        token = token_signer().sign(
            user_id=user.pk, session_id=str(family.pk), roles=(), token_id=uuid.uuid4().hex
        )
        credentials["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    client.credentials(**credentials)
    return client
