"""Settings that would lose money or mails in front of customers stop the process."""

import pytest
from pydantic import ValidationError

from config.environment import BackendSettings

PUBLIC = {
    "secret_key": "k" * 32,
    "jwt_private_key": "pem",
    "database_url": "postgres://a@b/c",
    "redis_url": "redis://a",
    "public_url": "https://shop.example",
    "payment_provider": "stripe",
    "stripe_secret_key": "sk_live_1",
    "stripe_webhook_secret": "whsec_1",
    "email_url": "smtp+tls://a:b@mail.example:587",
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in BackendSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_public_shop_with_all_it_needs():
    assert BackendSettings(**PUBLIC).is_public


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email_url": "consolemail://"}, "EMAIL_URL"),
        ({"email_url": "filemail:///tmp/mail"}, "EMAIL_URL"),
        ({"payment_provider": "fake"}, "PAYMENT_PROVIDER"),
        ({"stripe_webhook_secret": None}, "STRIPE_WEBHOOK_SECRET"),
    ],
)
def test_what_a_public_shop_refuses(change, sentence):
    with pytest.raises(ValidationError, match=sentence):
        BackendSettings(**PUBLIC | change)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://localhost", "https://127.0.0.1:8443"])
def test_on_this_machine_mails_may_be_printed(url):
    local = PUBLIC | {"public_url": url, "email_url": "consolemail://", "payment_provider": "fake"}
    assert not BackendSettings(**local).is_public
