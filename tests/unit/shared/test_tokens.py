"""Access tokens."""

import base64
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from meshop_shared.errors import NotAuthenticated
from meshop_shared.tokens import TokenSigner, TokenVerifier


def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY = pem()


def signer(*, key: str = KEY, audience: str = "meshop", lifetime_s: int = 60) -> TokenSigner:
    return TokenSigner(private_key_pem=key, issuer="meshop", audience=audience, lifetime_s=lifetime_s)


def sign(one: TokenSigner) -> str:
    return one.sign(user_id=7, session_id="s", roles=("orders",), token_id="t")


VERIFIER = TokenVerifier(jwks=signer().jwks(), issuer="meshop", audience="meshop", leeway_s=0)


def test_what_is_signed_is_verified() -> None:
    claims = VERIFIER.verify(sign(signer()))
    assert (claims.user_id, claims.session_id, claims.roles, claims.token_id) == (7, "s", ("orders",), "t")


def test_expired() -> None:
    with pytest.raises(NotAuthenticated) as caught:
        VERIFIER.verify(sign(signer(lifetime_s=-1)))
    assert caught.value.code == "token_expired"


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hmac_signed(body: str, head: dict[str, str]) -> str:
    """The classic confusion: an HMAC whose secret is the public key that everybody can read."""
    public = signer()._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = part(json.dumps(head | {"alg": "HS256", "typ": "JWT"}).encode()) + "." + body
    return f"{text}.{part(hmac.digest(public, text.encode(), 'sha256'))}"


def forged() -> dict[str, str]:
    good = sign(signer())
    head = {"kid": signer().kid}
    claims = jwt.decode(good, options={"verify_signature": False})
    header, body, signature = good.split(".")
    return {
        "other key": sign(signer(key=pem())),
        "other audience": sign(signer(audience="elsewhere")),
        "no algorithm": jwt.encode(claims, None, algorithm="none", headers=head),
        "public key as HMAC secret": hmac_signed(body, head),
        "changed body": f"{header}.{body[:-2]}AA.{signature}",
        "no kid": jwt.encode(claims, signer()._key, algorithm="RS256"),
        "not an access token": jwt.encode(claims | {"typ": "refresh"}, signer()._key, "RS256", headers=head),
        "no session": jwt.encode(
            {k: v for k, v in claims.items() if k != "sid"}, signer()._key, "RS256", headers=head
        ),
        "user is no number": jwt.encode(claims | {"sub": "x"}, signer()._key, "RS256", headers=head),
        "garbage": "garbage",
        "empty": "",
    }


@pytest.mark.parametrize("case", list(forged()))
def test_forged(case: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        VERIFIER.verify(forged()[case])
    assert caught.value.code == "token_invalid"


def test_weak_keys_are_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    weak = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="2048"):
        signer(key=weak)
