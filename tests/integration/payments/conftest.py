"""Payments with a stateful server in Stripe's place."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.payments import SECRET
from tests.support.stripe_server import StripeServer


@pytest.fixture
def stripe(settings: Any) -> Iterator[StripeServer]:
    """The server, with our settings pointing at it."""
    server = StripeServer()
    settings.MESHOP = settings.MESHOP.model_copy(
        update={
            "payment_provider": "stripe",
            "stripe_secret_key": SecretStr("sk_test_123"),
            "stripe_webhook_secret": SecretStr(SECRET),
            "stripe_api_base": server.url,
            "stripe_timeout_s": 5.0,
            "stripe_retries": 0,
        }
    )
    yield server
    server.close()
