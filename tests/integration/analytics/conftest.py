"""Refunds need somebody in Stripe's place, as in the tests of payments."""

from tests.integration.payments.conftest import stripe

__all__ = ["stripe"]
