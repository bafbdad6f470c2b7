"""Deliveries are signed as Standard Webhooks says, and as our page for receivers says."""

import base64
import hashlib
import hmac
import re
import time

import pytest

from apps.webhooks.patterns import patterns_check, patterns_match, public_types
from apps.webhooks.signatures import secret_make, signature_headers
from meshop_shared.errors import ValidationFailed
from tools.paths import ROOT


def receivers_code():
    """The function on the page for receivers."""
    (source,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    names: dict = {}
    exec(source, names)
    return names["is_from_meshop"]


def test_the_example_of_the_standard():
    """From the reference tests of Standard Webhooks (github.com/standard-webhooks)."""
    headers = signature_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
        keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def sign(body=b'{"a":1}', *, at=None, keys):
    return signature_headers(message_id="id-1", timestamp=int(at or time.time()), body=body, keys=keys)


def test_the_page_for_receivers_verifies():
    verify, secret, other = receivers_code(), secret_make(), secret_make()
    assert verify(sign(keys=[secret]), b'{"a":1}', secret)
    assert not verify(sign(keys=[secret]), b'{"a":2}', secret)
    assert not verify(sign(keys=[secret]), b'{"a":1}', other)
    assert not verify(sign(keys=[secret]) | {"webhook-id": "id-2"}, b'{"a":1}', secret)
    assert not verify(sign(keys=[secret], at=time.time() - 301), b'{"a":1}', secret)


def test_either_secret_verifies_while_they_overlap():
    verify, new, old = receivers_code(), secret_make(), secret_make()
    headers = sign(keys=[new, old])
    assert verify(headers, b'{"a":1}', new)
    assert verify(headers, b'{"a":1}', old)


def test_by_hand():
    secret = secret_make()
    headers = sign(keys=[secret], at=1_000)
    key = base64.b64decode(secret[len("whsec_") :])
    assert len(key) == 32
    digest = hmac.digest(key, b'id-1.1000.{"a":1}', hashlib.sha256)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_secrets_differ():
    assert len({secret_make() for _ in range(100)}) == 100


class TestPatterns:
    @pytest.mark.parametrize(
        "patterns", [["*"], ["order.*"], ["order.paid", "refund.succeeded", "product.*"]]
    )
    def test_taken(self, patterns):
        assert patterns_check([*patterns, patterns[0]]) == patterns

    @pytest.mark.parametrize(
        "pattern",
        [
            "",
            "order",
            "order.",
            "order.pai?",
            "o*",
            "*.paid",
            "**",
            "user.*",
            "refund.requested",
            "[o]rder.paid",
        ],
    )
    def test_refused(self, pattern):
        with pytest.raises(ValidationFailed):
            patterns_check([pattern])

    def test_what_never_leaves_the_platform_is_not_on_offer(self):
        assert "user.password_reset_requested" not in public_types()
        assert "refund.requested" not in public_types()
        assert "order.paid" in public_types()

    def test_matching(self):
        assert patterns_match(["order.*"], "order.paid")
        assert patterns_match(["*"], "order.paid")
        assert not patterns_match(["order.*", "payment.failed"], "payment.succeeded")
