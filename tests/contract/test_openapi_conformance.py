"""The API answers as its OpenAPI document says, whatever is sent: schemathesis makes the requests up.

Each operation is asked as a customer and as an administrator, with requests that fit the document and with such that
do not. Made-up ids lead to refusals only, so every other request is aimed at things that exist.
"""

from typing import Any

import pytest
import schemathesis
from django.test import Client
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
from apps.analytics.services.reports import report_make
from config.wsgi import application
from tests.contract.openapi import openapi_document
from tests.support.factories import notification_make, user_make, webhook_delivery_make

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
SCHEMA.app = application
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: By area of the API, as ``products``.
OPERATIONS: dict[str, list[tuple[str, str]]] = {}
for _path, _methods in openapi_document()["paths"].items():
    OPERATIONS.setdefault(_path.split("/")[2], []).extend((_method, _path) for _method in _methods)
EXAMPLES = 10
ADDRESS = {
    "full_name": "Ada King",
    "line1": "12 Row",
    "city": "Bath",
    "postal_code": "BA1 2AB",
    "country": "GB",
}


class Caller:
    """Somebody who asks, and the ids of what they could ask for."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.ids: dict[str, int] = {}

    def access_token(self) -> str:
        """A token of a new session: some requests end the one they come with."""
        return session_open(user=self.user, roles=user_roles(user=self.user)).access

    def post(self, path: str, **body: Any) -> Any:
        """Make one more thing; the answer's body."""
        headers = {"Authorization": f"Bearer {self.access_token()}"}
        answer = Client(headers=headers).post(f"/api/{path}", body, content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    def aim(self, case: Case) -> None:
        """Make a request speak of things that exist."""
        for values in (case.body, case.query):
            if isinstance(values, dict):
                values.update({name: self.ids[name] for name in values.keys() & self.ids.keys()})
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self.ids.get(_named(case.path, name), 1)


def _named(path: str, parameter: str) -> str:
    """What a path parameter identifies: ``addresses/{id}`` → ``addresses``."""
    return path.partition(f"/{{{parameter}}}")[0].rpartition("/")[2]


@pytest.fixture
def shop(transactional_db: None, settings: Any, tmp_path: Any) -> None:
    """A shop where requests commit, as in production, and nobody is slowed down."""
    settings.MESHOP = settings.MESHOP.model_copy(update={"rate_limit": "off"})
    settings.MEDIA_ROOT = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def caller_make(role: str) -> Caller:
    """A customer or an administrator, with one of everything."""
    staff, other = Caller(user_make(is_superuser=True)), Caller(user_make())
    caller = staff if role == "administrator" else Caller(user_make())
    sku = f"MUG-{staff.user.pk}"
    mug = {"name": "Mug", "price": "3.00"}
    product = staff.post("products/", sku=sku, stock=50, **mug)["id"]
    by_variant = staff.post(
        "products/", sku=f"{sku}-X", variants=[{"sku": f"{sku}-S", "name": "S", "stock": 9}], **mug
    )
    address = caller.post("auth/addresses/", **ADDRESS)["id"]
    line = {"product_id": product, "quantity": 1}
    order = caller.post("orders/", items=[line], shipping_address_id=address)["id"]
    delivery = webhook_delivery_make()
    report = staff.post("analytics/reports/", formats=["csv", "pdf", "xlsx"])["id"]
    assert report_make(report_id=report)
    caller.ids = {
        "product_id": product, "products": product, "variant_id": by_variant["variants"][0]["id"],
        "categories": staff.post("products/categories/", name="Kitchen")["id"],
        "reviews": other.post("products/reviews/", product_id=product, rating=4)["id"],
        "wishlist": caller.post("products/wishlist/", product_id=product)["id"],
        "items": caller.post("orders/cart/add/", **line)["items"][0]["id"],
        "orders": order, "order_id": order,
        "addresses": address, "shipping_address_id": address, "billing_address_id": address,
        "reports": report,
        "notifications": notification_make(user=caller.user).pk,
        "endpoints": delivery.endpoint_id, "endpoint_id": delivery.endpoint_id, "deliveries": delivery.pk,
    }  # fmt: skip
    return caller


def cases(method: str, path: str) -> st.SearchStrategy[Case]:
    """Requests that fit the document, and requests that break it where it sets limits."""
    operation = SCHEMA[path][method.upper()]
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    limits = operation.body or operation.query or operation.path_parameters
    return fitting | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if limits else fitting


@pytest.mark.parametrize("role", ["customer", "administrator"])
@pytest.mark.parametrize("area", sorted(OPERATIONS))
def test_operations_keep_their_word(area, role, shop, subtests):
    for method, path in OPERATIONS[area]:
        with subtests.test(f"{method} {path}"):
            ask(method, path, caller_make(role))


def ask(method: str, path: str, caller: Caller) -> None:
    """Send made-up requests for one operation and check the answers."""

    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=HealthCheck,
    )
    @given(case=cases(method, path), aimed=st.booleans())
    def check(case: Case, aimed: bool) -> None:
        if aimed:
            caller.aim(case)
        case.call_and_validate(headers={"Authorization": f"Bearer {caller.access_token()}"}, checks=CHECKS)

    check()
