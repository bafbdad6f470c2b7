"""The API answers as its OpenAPI document says, whatever is sent: schemathesis makes the requests up.

Each operation is asked as a customer and as an administrator, with requests that fit the document and with such that
do not. Made-up ids lead to refusals only, so every other request is aimed at things that exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts.models import User
from apps.accounts.selectors import user_roles
from apps.accounts.services.sessions import session_open
from apps.orders.services.carts import cart_get_or_create, cart_item_add
from apps.orders.services.placing import order_place
from apps.products.services.categories import category_create
from apps.products.services.reviews import review_create
from apps.products.services.wishlists import wishlist_add
from config.wsgi import application
from tests.contract.openapi import openapi_document
from tests.support.factories import address_make, product_make, user_make, variant_make

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
SCHEMA.app = application
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [(method, path) for path, methods in openapi_document()["paths"].items() for method in methods]
EXAMPLES = 10


@dataclass(frozen=True)
class World:
    """Somebody who asks, and the ids of what they could ask for."""

    user: User
    ids: dict[str, int]

    def aim(self, case: Case) -> None:
        """Make a request speak of things that exist."""
        for values in (case.path_parameters, case.body, case.query):
            if isinstance(values, dict):
                for name in values.keys() & self.ids.keys():
                    values[name] = self.ids[name]
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self.ids.get(_named(case.path, name), 1)

    def access_token(self) -> str:
        """A token of a new session: some requests end the one they come with."""
        return session_open(user=self.user, roles=user_roles(user=self.user)).access


def _named(path: str, parameter: str) -> str:
    """What a path parameter identifies: ``addresses/{id}`` → ``addresses``."""
    return path.partition(f"/{{{parameter}}}")[0].rpartition("/")[2]


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database where requests commit, as they do in production; emptied at the end."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", verbosity=0, interactive=False)
        connection.close()


@pytest.fixture(params=["customer", "administrator"])
def world(request: pytest.FixtureRequest, committed: None, settings: Any, tmp_path: Any) -> World:
    settings.MESHOP = settings.MESHOP.model_copy(update={"rate_limit": "off"})
    settings.MEDIA_ROOT = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    user, other = user_make(is_superuser=request.param == "administrator"), user_make()
    product, by_variant = product_make(stock=50), product_make(stock=None)
    variant = variant_make(product=by_variant)
    address = address_make(user=user)
    order, _ = order_place(
        user=user, items=[((product.pk, None), 1)], shipping_address={}, billing_address={}
    )
    cart = cart_get_or_create(user_id=user.pk)
    lines = cart_item_add(cart_id=cart.pk, product_id=product.pk, variant_id=None, quantity=1)
    return World(
        user,
        {
            "product_id": product.pk, "variant_id": variant.pk, "products": product.pk, "orders": order.pk,
            "items": lines[0].id, "addresses": address.pk, "shipping_address_id": address.pk,
            "billing_address_id": address.pk, "categories": category_create(name="Kitchen").pk,
            "reviews": review_create(user=other, product_id=product.pk, rating=4).pk,
            "wishlist": wishlist_add(user=user, product_id=product.pk)[0].pk,
        },
    )  # fmt: skip


def cases(method: str, path: str) -> st.SearchStrategy[Case]:
    """Requests that fit the document, and requests that break it where it sets limits."""
    operation = SCHEMA[path][method.upper()]
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    limits = operation.body or operation.query or operation.path_parameters
    return fitting | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if limits else fitting


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operation_keeps_its_word(method, path, world):
    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=HealthCheck,
    )
    @given(case=cases(method, path), aimed=st.booleans())
    def ask(case: Case, aimed: bool) -> None:
        if aimed:
            world.aim(case)
        case.call_and_validate(headers={"Authorization": f"Bearer {world.access_token()}"}, checks=CHECKS)

    ask()
