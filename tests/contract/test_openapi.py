"""The OpenAPI document is complete: every promised path is there, and says what it takes and answers."""

import re

import pytest
from django.core.management import call_command

from tests.contract.openapi import openapi_document

#: What the shop promised its first users, path by path. More may be added; none of these may go.
PROMISED = """
POST /api/auth/register/
POST /api/auth/login/
POST /api/auth/refresh/
GET,PUT,PATCH /api/auth/profile/
GET,POST /api/auth/addresses/
GET,PUT,PATCH,DELETE /api/auth/addresses/{}/
POST /api/auth/logout/
POST /api/auth/change-password/
POST /api/auth/password-reset/
POST /api/auth/password-reset/confirm/
GET /api/auth/.well-known/jwks.json
GET,POST /api/products/
GET,PUT,PATCH,DELETE /api/products/{}/
GET /api/products/{}/reviews/
POST /api/products/reviews/
PUT,PATCH,DELETE /api/products/reviews/{}/
POST /api/products/reviews/{}/helpful/
POST /api/products/{}/upload_image/
GET,POST /api/products/categories/
GET /api/products/categories/{}/
GET /api/products/tags/
GET,POST /api/products/wishlist/
DELETE /api/products/wishlist/{}/
GET /api/products/suggest/
POST /api/products/visual-search/
GET /api/orders/cart/
POST /api/orders/cart/add/
PUT,DELETE /api/orders/cart/items/{}/
DELETE /api/orders/cart/clear/
GET,POST /api/orders/
GET /api/orders/{}/
POST /api/orders/{}/cancel/
GET /api/orders/{}/timeline/
POST /api/orders/{}/ship/
POST /api/orders/{}/deliver/
GET /api/analytics/sales/daily/
GET /api/analytics/products/
GET /api/analytics/categories/
GET /api/analytics/activity/
GET /api/analytics/segments/
GET,POST /api/analytics/reports/
GET /api/analytics/reports/{}/
GET /api/health/
"""
ROUTES = [
    (method, path)
    for methods, path in (line.split() for line in PROMISED.split("\n") if line)
    for method in methods.split(",")
]


OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path}")
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
]


def test_the_document_is_valid_and_generates_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "openapi.yaml"))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_promised_paths_are_documented(method, path):
    documented = {
        (name.upper(), re.sub(r"\{\w+\}", "{}", template))
        for template, methods in openapi_document()["paths"].items()
        for name in methods
    }
    assert (method, path) in documented


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_say_what_they_answer(operation):
    successes = {status: answer for status, answer in operation["responses"].items() if status[0] == "2"}
    assert successes, "no successful answer is documented"
    for status, answer in successes.items():
        if status != "204":
            assert answer["content"], f"{status} has no content"
            for media in answer["content"].values():
                assert media["schema"], f"{status} has no shape"
    assert operation["responses"]["4XX"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Error"
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_explain_themselves(operation):
    assert operation.get("description"), "the view has no docstring"
    for parameter in operation.get("parameters", ()):
        assert parameter["schema"], parameter["name"]
