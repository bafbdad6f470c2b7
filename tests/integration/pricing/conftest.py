"""A pricing service that answers as told."""

from collections.abc import Iterator

import pytest

from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test asks for one."""
    ai_unconfigured(monkeypatch)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The pricing service, configured and running."""
    with ai_configured(monkeypatch, "dynamic_pricing", ai_deadline_ms=2_000) as running:
        yield running
