"""A fraud service that answers as told."""

from collections.abc import Iterator

import pytest

from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured
from tests.support.fraud import scored


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test asks for one."""
    ai_unconfigured(monkeypatch)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The fraud service, configured and running; it lets everything through until told otherwise."""
    with ai_configured(monkeypatch, "fraud_detection", ai_deadline_ms=2_000) as running:
        running.answers["/v1/score"] = scored("accept", 0.01)
        running.answers["/v1/feedback"] = {
            "source": "baseline",
            "model": None,
            "reasons": ["Kept."],
            "known": True,
        }
        yield running
