"""Which provider moves the money: chosen here, by ``PAYMENT_PROVIDER``, and nowhere else."""

import time
from functools import cache

from django.conf import settings
from django.db import connection

from apps.payments.providers.base import PaymentProvider
from apps.payments.providers.fake import DatabaseStore, FakeProvider
from apps.payments.providers.fake_bank import FakeBank
from apps.payments.providers.stripe_api import StripeProvider
from apps.payments.services.webhooks import webhook_receive
from apps.payments.signatures import webhook_secrets

FAKE_PAGES = "/api/payments/fake/sessions/"


def payment_provider() -> PaymentProvider:
    """The provider, to be asked for right before each call. Refuses inside a transaction.

    A call there would hold row locks for as long as somebody else's server pleases, and a rollback would forget
    what that server remembers.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A payment provider must not be called inside a database transaction.")
    config = settings.MESHOP
    if config.payment_provider == "stripe":
        assert config.stripe_secret_key is not None  # checked when the settings were read
        key = config.stripe_secret_key.get_secret_value()
        return _stripe(key, config.stripe_api_base, config.stripe_timeout_s, config.stripe_retries)
    return _fake(config.public_url.rstrip("/"), webhook_secrets()[0])


def fake_provider() -> FakeProvider | None:
    """The fake provider, for its checkout pages; ``None`` where another one is in use."""
    provider = payment_provider()
    return provider if isinstance(provider, FakeProvider) else None


@cache
def _stripe(secret_key: str, api_base: str, timeout_s: float, retries: int) -> StripeProvider:
    """One client, and one breaker, for the process."""
    return StripeProvider(secret_key=secret_key, api_base=api_base, timeout_s=timeout_s, retries=retries)


@cache
def _fake(public_url: str, secret: str) -> FakeProvider:
    return FakeProvider(
        FakeBank(DatabaseStore(), clock=time.time, page_url=public_url + FAKE_PAGES),
        secret=secret,
        deliver=lambda payload, signature: webhook_receive(payload=payload, signature=signature),
        clock=time.time,
    )
