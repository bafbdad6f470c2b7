"""A client of ``/api/auth/``. Request limits are off unless a test is about them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.selectors import user_roles
from apps.accounts.services.sessions import TokenPair, session_open
from tests.support.factories import user_make


class Api:
    """Sends JSON; with ``user`` it is signed in as them."""

    def __init__(self, user: User | None = None) -> None:
        self._client = APIClient(raise_request_exception=False)
        self.user = user
        if user is not None:
            self.use(session_open(user=user, roles=user_roles(user=user)))

    def use(self, tokens: TokenPair) -> None:
        """Sign requests with these tokens."""
        self.access, self.refresh = tokens.access, tokens.refresh
        self._client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        call = getattr(self._client, method.lower())
        return call(f"/api/auth/{path}", body, format="json", **extra)

    def get(self, path: str, **extra: Any) -> Any:
        return self._client.get(f"/api/auth/{path}", **extra)

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.send("post", path, {} if body is None else body, **extra)

    def post_raw(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self._client.generic("POST", f"/api/auth/{path}", body, content_type)


@pytest.fixture(autouse=True)
def limits_off(settings: Any) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"rate_limit": "off"})


@pytest.fixture
def limits_on(limits_off: None, settings: Any) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"rate_limit": "on"})


@pytest.fixture
def guest() -> Api:
    return Api()


@pytest.fixture
def api_of() -> Callable[[User], Api]:
    return Api


@pytest.fixture
def customer(db: None) -> Api:
    return Api(user_make())


@pytest.fixture
def stranger(db: None) -> Api:
    return Api(user_make())
