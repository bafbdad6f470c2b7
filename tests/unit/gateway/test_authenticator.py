"""Tokens: keys are fetched when they are needed, skew is forgiven, and nothing outlives its expiry in the cache."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from meshop_gateway.auth import Authenticator, KeysUnavailable, require_role
from meshop_gateway.redis_link import RedisLink
from meshop_shared.errors import NotAuthenticated, PermissionDenied
from meshop_shared.tokens import AccessClaims, TokenSigner
from tests.support.gateway import make_signer

pytestmark = pytest.mark.unit


class Keys:
    """Counts how often it was asked."""

    def __init__(self, *signers: TokenSigner) -> None:
        self.signers, self.asked, self.broken = list(signers), 0, False

    async def __call__(self) -> bytes:
        self.asked += 1
        if self.broken:
            return b"not JSON"
        return json.dumps(
            {"keys": [key for signer in self.signers for key in signer.jwks()["keys"]]}
        ).encode()


def authenticator(keys: Keys, *, leeway_s: int = 5, clock: Callable[[], float] = time.time) -> Authenticator:
    return Authenticator(
        fetch=keys, redis=RedisLink(None), issuer="meshop", audience="meshop", leeway_s=leeway_s, ttl_s=300,
        clock=clock,
    )  # fmt: skip


def bearer(signer: TokenSigner, *roles: str) -> bytes:
    return b"Bearer " + signer.sign(user_id=7, session_id="s", roles=roles, token_id="t").encode()


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario())


@pytest.mark.parametrize(("age_s", "passes"), [(3, True), (30, False)])
def test_clock_skew_is_forgiven_up_to_the_leeway(age_s, passes):
    signer = make_signer(lifetime_s=-age_s)

    async def scenario() -> None:
        auth = authenticator(Keys(signer), leeway_s=10)
        if passes:
            assert (await auth.identify(bearer(signer))).user_id == 7
        else:
            with pytest.raises(NotAuthenticated) as refused:
                await auth.identify(bearer(signer))
            assert refused.value.code == "token_expired"

    run(scenario)


def test_remembered_token_dies_on_time():
    signer, now = make_signer(lifetime_s=60), [time.time()]

    async def scenario() -> None:
        auth = authenticator(Keys(signer), leeway_s=0, clock=lambda: now[0])
        token = bearer(signer)
        first = await auth.identify(token)
        assert await auth.identify(token) is first, "the second time it was remembered"
        now[0] += 61
        assert auth._tokens[token].expires_at < now[0]
        remembered = auth._tokens[token]
        assert await auth.identify(token) is not remembered, "it was looked at again"

    run(scenario)


def test_thousand_unknown_tokens_cause_one_fetch():
    signer, stranger = make_signer(), make_signer()

    async def scenario() -> None:
        keys = Keys(signer)
        auth = authenticator(keys)
        await auth.identify(bearer(signer))
        asked = keys.asked
        refused = await asyncio.gather(
            *(auth.identify(bearer(stranger)) for _ in range(50)), return_exceptions=True
        )
        assert all(isinstance(error, NotAuthenticated) for error in refused)
        assert keys.asked - asked <= 1

    run(scenario)


def test_keys_that_cannot_be_read_leave_the_old_ones():
    signer, now = make_signer(), [time.time()]

    async def scenario() -> None:
        keys = Keys(signer)
        auth = authenticator(keys, clock=lambda: now[0])
        await auth.identify(bearer(signer))
        keys.broken = True
        now[0] += 100
        await auth._refresh()
        assert (await auth.identify(bearer(signer, "other"))).user_id == 7

    run(scenario)


def test_without_any_keys_nobody_is_let_in():
    keys = Keys()
    keys.broken = True

    async def scenario() -> None:
        with pytest.raises(KeysUnavailable):
            await authenticator(keys).identify(bearer(make_signer()))

    run(scenario)


def test_any_one_of_the_roles_is_enough():
    claims = AccessClaims(user_id=1, session_id="s", roles=("support",), expires_at=0, token_id="t")
    require_role(claims, ())
    require_role(claims, ("admin", "support"))
    with pytest.raises(PermissionDenied):
        require_role(claims, ("admin",))
