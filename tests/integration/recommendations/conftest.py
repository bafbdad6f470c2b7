"""A shop with a small catalogue, and a service that answers as told."""

from collections.abc import Iterator

import pytest

from apps.products.services.categories import category_create
from tests.support.activity import own_activity
from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured
from tests.support.factories import product_make


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The recommendations service, configured and running."""
    with ai_configured(monkeypatch, "recommendations", ai_deadline_ms=2_000) as running:
        yield running


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test asks for one."""
    ai_unconfigured(monkeypatch)


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody else's visitors."""
    with own_activity(monkeypatch):
        yield


@pytest.fixture
def catalogue(db):
    """Ten products, half of them in a category; P9 is sold out and P8 hidden."""
    lamps = category_create(name="Lamps")
    return [
        product_make(
            sku=f"P{number}", category=lamps if number % 2 == 0 else None, stock=0 if number == 9 else 5,
            is_active=number != 8,
        )
        for number in range(10)
    ]  # fmt: skip
