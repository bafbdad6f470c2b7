"""A shop with a few products that have pictures, and a service that answers as told."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission

from apps.products.models import ProductImage
from apps.products.services.categories import category_create
from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured
from tests.support.factories import product_make, user_make


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The visual recognition service, configured and running."""
    with ai_configured(monkeypatch, "visual_recognition", ai_picture_deadline_ms=2_000) as running:
        yield running


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test asks for one."""
    ai_unconfigured(monkeypatch)


@pytest.fixture
def catalogue(db):
    """Six products, half of them in a category, each with a picture; the last is hidden."""
    fruit = category_create(name="Fruit")
    products = [
        product_make(sku=f"V{n}", name=f"Apple {n}", category=fruit if n % 2 == 0 else None, is_active=n != 5)
        for n in range(6)
    ]
    for product in products:
        image = ProductImage(product=product, is_primary=True, width=8, height=8)
        image.file.name = f"products/{product.pk}/a.jpg"
        ProductImage.objects.bulk_create([image])
    return products


@pytest.fixture
def staff(db):
    """Somebody who may change products."""
    user = user_make()
    user.user_permissions.set(Permission.objects.filter(codename="change_product"))
    return user
