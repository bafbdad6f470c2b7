import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.accounts.models import TokenFamily, User
from apps.accounts.signing import token_signer

PEM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def claims(customer):
    return jwt.decode(customer.access, options={"verify_signature": False})


def refused(guest, token, code):
    response = guest.get("profile/", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def own_key_sign(claims, **headers):
    signer = token_signer()
    return jwt.encode(claims, signer._key, "RS256", headers={"kid": signer.kid} | headers)


def test_without_one(guest, db):
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Basic YTpi"}, {"Authorization": "Token x"}):
        response = guest.get("profile/", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
        assert response["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_case_insensitive(customer, guest):
    assert guest.get("profile/", headers={"Authorization": f"bearer {customer.access}"}).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.é.é", "x" * 10_000])
def test_garbage(guest, db, token):
    refused(guest, token, "token_invalid")


def test_unsigned(guest, claims):
    refused(guest, jwt.encode(claims, None, "none", headers={"kid": token_signer().kid}), "token_invalid")


def test_signed_with_the_public_key_as_hmac_secret(guest, claims):
    """The classic confusion of algorithms; PyJWT refuses to make such a token, so it is made by hand."""
    import base64
    import hashlib
    import hmac
    import json

    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")

    public = token_signer()._key.public_key().public_bytes(*PEM)
    body = part({"alg": "HS256", "typ": "JWT", "kid": token_signer().kid}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.new(public, body, hashlib.sha256).digest()).rstrip(b"=")
    refused(guest, (body + b"." + signature).decode(), "token_invalid")


def test_signed_with_a_foreign_key(guest, claims):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for kid in (token_signer().kid, "other"):
        refused(guest, jwt.encode(claims, key, "RS256", headers={"kid": kid}), "token_invalid")


def test_unknown_kid(guest, claims):
    refused(guest, own_key_sign(claims, kid="other"), "token_invalid")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exp": int(time.time()) - 60}, "token_expired"),
        ({"iss": "somebody"}, "token_invalid"),
        ({"aud": "somebody"}, "token_invalid"),
        ({"typ": "refresh"}, "token_invalid"),
        ({"sub": "x"}, "token_invalid"),
        ({"sub": "999999999"}, "session_ended"),
        ({"sub": str(10**30)}, "session_ended"),
        ({"sid": "00000000-0000-4000-8000-000000000000"}, "session_ended"),
    ],
)
def test_genuine_signature_wrong_claims(guest, claims, change, code):
    refused(guest, own_key_sign(claims | change), code)


def test_session_of_somebody_else(customer, stranger, guest, claims):
    foreign = jwt.decode(stranger.access, options={"verify_signature": False})["sid"]
    refused(guest, own_key_sign(claims | {"sid": foreign}), "session_ended")


def test_closed_account(customer):
    User.objects.filter(pk=customer.user.pk).update(is_active=False)
    assert customer.get("profile/").json()["code"] == "session_ended"


def test_revoked_session(customer):
    TokenFamily.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert customer.get("profile/").json()["code"] == "session_ended"


def test_published_keys_verify_and_hold_nothing_secret(customer, guest):
    response = guest.get(".well-known/jwks.json")
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=300"
    (key,) = response.json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert jwt.get_unverified_header(customer.access)["kid"] == key["kid"]
    jwt.decode(customer.access, jwt.PyJWK(key).key, algorithms=["RS256"], audience="meshop", issuer="meshop")
