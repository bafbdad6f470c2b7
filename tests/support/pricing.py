"""Answers of the pricing service, and staff who may decide about prices."""

from typing import Any

from django.contrib.auth.models import Permission

from apps.accounts.models import User
from apps.pricing.models import PriceLimit
from apps.products.models import PriceHistory, Product
from tests.support.factories import product_make, user_make

MODEL = {"name": "dynamic_pricing", "version": "test", "digest": "0" * 64}


def pricer_make() -> User:
    """Somebody of the staff with every permission of pricing."""
    user = user_make(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="pricing"))
    return user


def priced_product(
    *, price: int = 1_009, cost: int = 500, floor: int = 600, cap: int = 2_000, **values: Any
) -> Product:
    """A product with limits."""
    product = product_make(price_minor=price, **values)
    PriceHistory.objects.create(product=product, price_minor=price, currency=product.currency)
    PriceLimit.objects.create(product=product, cost_minor=cost, floor_minor=floor, cap_minor=cap)
    return product


def proposing(*prices: int) -> Any:
    """Answers with these prices in the order of the articles."""

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        items = [
            {
                "sku": article["sku"], "price": price, "current": article["recent"][-1], "units": 3.0, "units_now": 2.5,
                "margin": 1_500.0, "margin_now": 1_400.0, "elasticity": 1.8, "elasticity_low": 1.5,
                "elasticity_high": 2.1, "limits": ["step"], "reasons": ["It sells better."],
            }
            for article, price in zip(question["articles"], prices, strict=True)
        ]  # fmt: skip
        return {"source": "model", "model": MODEL, "reasons": [], "items": items}

    return answer
