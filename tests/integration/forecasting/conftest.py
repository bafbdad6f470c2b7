"""A shop with some weeks of sales, and a service that answers as told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.orders.models import Order
from apps.products.services.categories import category_create
from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured
from tests.support.api import client_of
from tests.support.factories import past_order_make, product_make, user_make

MODEL = {"name": "demand_forecasting", "version": "7", "digest": "a" * 64}
LEVELS = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test asks for one."""
    ai_unconfigured(monkeypatch)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The forecasting service: it expects 14 a week of everything but of what is called new."""
    with ai_configured(monkeypatch, "demand_forecasting", ai_deadline_ms=2_000) as running:
        running.answers["/v1/forecast"] = forecast
        yield running


def forecast(question: dict[str, Any], pace: float = 14, version: str = "7") -> dict[str, Any]:
    """An answer of the service."""
    first = timezone.now().date()
    weeks = [
        {
            "start": (first + timedelta(weeks=ahead)).isoformat(),
            "end": (first + timedelta(weeks=ahead, days=6)).isoformat(),
            "units": pace, "low": pace / 2, "high": 2 * pace,
        }
        for ahead in range(question["weeks"])
    ]  # fmt: skip
    needs = [[pace * (week + 1) * (1 + level) for level in LEVELS] for week in range(question["weeks"])]
    items = [
        {
            "key": asked["key"], "source": "baseline" if asked["key"] == "NEW" else "model", "method": "ensemble",
            "challenger": None, "weeks": weeks, "needs": needs, "reasons": ["It sold 12 a week."],
        }
        for asked in question["items"]
    ]  # fmt: skip
    return {
        "source": "model",
        "model": MODEL | {"version": version},
        "reasons": [],
        "last_day": first.isoformat(),
        "levels": LEVELS,
        "items": items,
    }


@pytest.fixture
def shop(db):
    """Three cups that sold 2 a week for five weeks (C0: 4 in stock, C1: 400, C2: hidden), and one never sold."""
    cups = category_create(name="Cups")
    products = [
        product_make(sku=f"C{number}", category=cups, stock=stock, is_active=number != 2)
        for number, stock in enumerate((4, 400, 4))
    ]
    product_make(sku="SHELF-WARMER", category=cups)
    for week in range(5):
        order = past_order_make(None, *products)
        Order.objects.filter(pk=order.pk).update(created_at=timezone.now() - timedelta(weeks=week, hours=1))
    past_order_make(None, products[0], status="cancelled")
    return products


@pytest.fixture
def staff(db):
    """Somebody who may look at forecasts."""
    user = user_make(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_demandforecast"))
    return client_of(user)
