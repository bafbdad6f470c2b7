"""Tokens are verified with the upstream's keys, which may rotate; sessions may end before their tokens do."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from meshop_shared.tokens import TokenSigner
from tests.support.gateway import GatewayProcess, gateway, make_signer, redis_server
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

PATH = "/ai/recommendations/v1"


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def sign(signer: TokenSigner, *, roles: tuple[str, ...] = (), session: str = "session-1") -> str:
    return signer.sign(user_id=7, session_id=session, roles=roles, token_id="t")


def test_valid_token_passes(front, upstream, signer):
    token = sign(signer)
    assert front.get(PATH, bearer(token)).status == 200
    assert upstream.seen[-1].header("authorization") == f"Bearer {token}"


def forged(signer: TokenSigner) -> dict[str, str]:
    """Tokens that look good and are not."""
    good = sign(signer)
    head, body, mark = good.split(".")
    other = make_signer()
    public = jwt.PyJWK(signer.jwks()["keys"][0], algorithm="RS256").key
    assert isinstance(public, rsa.RSAPublicKey)
    now = int(time.time())
    claims = {
        "iss": "meshop",
        "aud": "meshop",
        "sub": "1",
        "sid": "s",
        "jti": "j",
        "iat": now,
        "exp": now + 60,
    }

    def encoded(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    none = f"{encoded({'alg': 'none', 'kid': signer.kid})}.{encoded({**claims, 'typ': 'access'})}."
    secret = base64.urlsafe_b64encode(public.public_numbers().n.to_bytes(256, "big")).decode()
    return {
        "tampered": f"{head}.{body[:-4]}AAAA.{mark}",
        "unsigned": f"{head}.{body}.",
        "algorithm none": none,
        "public key as secret": jwt.encode({**claims, "typ": "access"}, secret, "HS256", {"kid": signer.kid}),
        "another key": sign(other),
        "another key under this id": jwt.encode(
            {**claims, "typ": "access"}, other._key, "RS256", headers={"kid": signer.kid}
        ),
        "another issuer": jwt.encode(
            {**claims, "iss": "evil", "typ": "access"}, signer._key, "RS256", headers={"kid": signer.kid}
        ),
        "another audience": jwt.encode(
            {**claims, "aud": "evil", "typ": "access"}, signer._key, "RS256", headers={"kid": signer.kid}
        ),
        "a refresh token": jwt.encode(
            {**claims, "typ": "refresh"}, signer._key, "RS256", headers={"kid": signer.kid}
        ),
        "no words": "abc",
        "three empty parts": "..",
    }


@pytest.mark.parametrize("kind", list(forged(make_signer())))
def test_forged_token_is_refused(front, upstream, signer, kind):
    answer = front.get(PATH, bearer(forged(signer)[kind]))
    assert answer.status == 401, kind
    assert answer.json()["code"] == "token_invalid"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert upstream.targets() == []


@pytest.mark.parametrize("header", ["X: y", "Authorization: Basic eDp5", "Authorization: Bearer"])
def test_missing_token(front, upstream, header):
    answer = front.get(PATH, header)
    assert answer.status == 401
    assert answer.json()["code"] in ("not_authenticated", "token_invalid")
    assert upstream.targets() == []


def test_expired_token(front, upstream):
    key = make_signer(lifetime_s=-60)
    upstream.signer, before = key, upstream.signer
    try:
        with gateway(backend_url=upstream.url, ai_urls=f"recommendations={upstream.url}") as replica:
            answer = replica.get(PATH, bearer(sign(key)))
    finally:
        upstream.signer = before
    assert (answer.status, answer.json()["code"]) == (401, "token_expired")


def test_backend_decides_about_tokens_on_its_own_paths(front, upstream):
    """A stale token must not keep anybody from refreshing it, or from what is public."""
    assert (
        front.get("/api/auth/refresh/", bearer("stale.stale.stale"), method="POST", body=b"{}").status == 200
    )
    assert upstream.seen[-1].header("authorization") == "Bearer stale.stale.stale"


def test_revoked_session_is_refused_at_once(front, upstream, signer, redis_process):
    token = sign(signer, session="to-end")
    assert front.get(PATH, bearer(token)).status == 200
    with redis_process.client() as client:
        client.set("revoked:sid:to-end", 1, ex=900)
    answer = front.get(PATH, bearer(token))
    assert (answer.status, answer.json()["code"]) == (401, "session_ended")
    assert front.get(PATH, bearer(sign(signer, session="another"))).status == 200


@pytest.fixture
def own(signer: TokenSigner, tmp_path: Path) -> Iterator[tuple[Upstream, Path]]:
    """An upstream with keys that a test may change, and a table with roles."""
    file = tmp_path / "routes.json"
    with Upstream(signer=signer) as upstream:
        required = {"mode": "required"}
        routes = [
            {"name": "all", "prefix": "/all/", "upstream": "backend", "auth": required},
            {
                "name": "staff",
                "prefix": "/staff/",
                "upstream": "backend",
                "auth": {**required, "roles": ["a", "b"]},
            },
            {
                "name": "checked",
                "prefix": "/checked/",
                "upstream": "backend",
                "auth": required,
                "check_revoked": True,
            },
        ]
        file.write_text(json.dumps({"routes": routes}))
        yield upstream, file


def run(own: tuple[Upstream, Path], **settings: str) -> AbstractContextManager[GatewayProcess]:
    upstream, file = own
    return gateway(backend_url=upstream.url, routes_file=str(file), **settings)


def test_roles_of_a_route(own, signer):
    with run(own) as replica:
        assert replica.get("/staff/x", bearer(sign(signer, roles=("b",)))).status == 200
        answer = replica.get("/staff/x", bearer(sign(signer, roles=("c",))))
        assert (answer.status, answer.json()["code"]) == (403, "permission_denied")
        assert replica.get("/staff/x", bearer(sign(signer))).status == 403


def test_keys_are_fetched_again_for_a_token_of_a_new_key(own, signer):
    upstream, _ = own
    with run(own) as replica:
        assert replica.get("/all/x", bearer(sign(signer))).status == 200
        upstream.signer = make_signer()
        # An unknown key may cause one fetch in five seconds.
        wait_until(lambda: replica.get("/all/x", bearer(sign(upstream.signer))).status == 200)


def test_tokens_of_a_withdrawn_key_die_with_it(own, signer):
    upstream, _ = own
    old = sign(signer)
    with run(own, jwks_ttl_s="1") as replica:
        assert replica.get("/all/x", bearer(old)).status == 200
        upstream.signer = make_signer()
        wait_until(lambda: replica.get("/all/x", bearer(old)).status == 401)


def test_keys_outlive_a_backend_that_is_away(own, signer):
    upstream, _ = own
    with run(own, jwks_ttl_s="1") as replica:
        assert replica.get("/all/x", bearer(sign(signer))).status == 200
        upstream.mode = "reset"
        time.sleep(2.5)
        upstream.mode = "ok"
        assert replica.get("/all/x", bearer(sign(signer, session="new"))).status == 200


def test_unknown_keys_do_not_let_clients_flood_the_backend(own, signer):
    upstream, _ = own
    with run(own) as replica:
        replica.get("/all/x", bearer(sign(signer)))
        upstream.seen.clear()
        for _ in range(40):
            assert replica.get("/all/x", bearer(sign(make_other()))).status == 401
        assert sum("jwks" in seen.target for seen in upstream.seen) <= 4


def make_other(_cache: list[TokenSigner] = []) -> TokenSigner:  # noqa: B006 - one key is enough
    if not _cache:
        _cache.append(make_signer())
    return _cache[0]


def test_without_keys_nobody_is_let_in(own, signer):
    upstream, _ = own
    upstream.signer = None  # answers without keys
    with run(own) as replica:
        answer = replica.get("/all/x", bearer(sign(signer)))
        assert (answer.status, answer.json()["code"]) == (503, "auth_unavailable")


def test_revocation_that_cannot_be_checked_closes_the_route_that_relies_on_it(own, signer):
    token = sign(signer)
    with redis_server() as redis_process, run(own, redis_url=redis_process.url) as replica:
        wait_until(lambda: replica.state()["redis"] == "up")
        assert replica.get("/checked/x", bearer(token)).status == 200
        redis_process.kill()
        wait_until(lambda: replica.state()["redis"] == "down")
        answer = replica.get("/checked/x", bearer(token))
        assert (answer.status, answer.json()["code"]) == (503, "auth_unavailable")
        assert replica.get("/all/x", bearer(token)).status == 200
        redis_process.start()
        wait_until(lambda: replica.get("/checked/x", bearer(token)).status == 200)
