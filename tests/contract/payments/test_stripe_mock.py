"""Every call that the provider makes has valid parameters, and its answers can be read: says Stripe's own mock.

stripe-mock checks requests against Stripe's OpenAPI description and answers with the examples in it. It remembers
nothing, so what calls mean together is tested with ``tests/support/stripe_server.py``.
"""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import stripe

from apps.payments.providers.base import ProviderRefused, RefundRequest, SessionLine, SessionRequest
from apps.payments.providers.stripe_api import StripeProvider
from apps.payments.providers.stripe_objects import refund_params, session_params

URL = os.environ.get("STRIPE_MOCK_URL", "")
pytestmark = pytest.mark.skipif(
    not URL, reason="no stripe-mock: the test servers start it (make test) where Go can build it"
)
KEY = "sk_test_123"


@pytest.fixture
def provider():
    return StripeProvider(secret_key=KEY, api_base=URL, timeout_s=20, retries=0)


@pytest.fixture
def client():
    return stripe.StripeClient(KEY, base_addresses={"api": URL}, max_network_retries=0)


def session_request(**changes):
    fields = {
        "reference": uuid4(),
        "order_number": "M-1",
        "currency": "GBP",
        "lines": (SessionLine("Kettle", 1_999, 2), SessionLine("Delivery", 500, 1)),
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/cart",
        "expires_at": datetime.now(UTC) + timedelta(minutes=45),
        "customer_ref": "",
        "customer_email": "ada@example.com",
        "save_method": False,
    }
    return SessionRequest(**(fields | changes))


def refund_request():
    return RefundRequest(uuid4(), "pi_123", 500, "Broken")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"save_method": True},
        {"customer_ref": "cus_123"},
        {"customer_ref": "cus_123", "save_method": True},
    ],
    ids=["guest", "keep the card", "known customer", "known customer, keep the card"],
)
def test_session_create(provider, changes):
    facts = provider.session_create(session_request(**changes))
    assert facts.session_id.startswith("cs_")
    assert facts.status


def test_session_retrieve(provider):
    facts = provider.session_retrieve(session_id="cs_test_123")
    assert facts.session_id.startswith("cs_")
    assert facts.intent_id.startswith("pi_")  # it was expanded, as we asked


def test_session_expire(provider):
    assert provider.session_expire(session_id="cs_test_123").session_id.startswith("cs_")


def test_refund_create(provider):
    facts = provider.refund_create(refund_request())
    assert facts.refund_id.startswith("re_")
    assert facts.amount_minor > 0


def test_refund_retrieve(provider):
    assert provider.refund_retrieve(refund_id="re_123").refund_id.startswith("re_")


def test_refund_find(provider):
    assert provider.refund_find(intent_id="pi_123", reference=uuid4()) is None


def test_method_detach(provider):
    provider.method_detach(method_ref="pm_123")


def test_every_call_of_the_port_is_here():
    calls = {name for name in vars(StripeProvider) if not name.startswith("_") and name != "name"}
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert calls <= tests


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "pay"), ("line_items", "two"), ("expires_at", "soon"), ("surprise", "1")],
)
def test_the_mock_refuses_wrong_parameters_of_sessions(client, field, value):
    """Else the tests above would prove nothing."""
    params = session_params(session_request()) | {field: value}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(params=params)


@pytest.mark.parametrize(("field", "value"), [("reason", "why not"), ("amount", "five"), ("surprise", "1")])
def test_the_mock_refuses_wrong_parameters_of_refunds(client, field, value):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params=refund_params(refund_request()) | {field: value})


def test_a_refusal_is_final(provider):
    with pytest.raises(ProviderRefused):
        provider.session_create(session_request(lines=(SessionLine("Kettle", "much", 1),)))
