"""Access tokens: RS256 JWTs with ``kid`` (RFC 7519, RFC 7515) verified through a JWKS (RFC 7517).

Only the backend signs. The gateway, the AI services and the mesh verify with the public keys alone.
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from meshop_shared.errors import NotAuthenticated

ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified access token says: the user, the session (refresh family) and the staff groups."""

    user_id: int
    session_id: str
    roles: tuple[str, ...]
    expires_at: int
    token_id: str


def _base64url_uint(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class TokenSigner:
    """Signs access tokens with one RSA key; its ``kid`` is the key's SHA-256 fingerprint."""

    def __init__(self, *, private_key_pem: str, issuer: str, audience: str, lifetime_s: int) -> None:
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
            raise ValueError("The JWT private key must be an RSA key of at least 2048 bits in PEM form.")
        self._key = key
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.kid = hashlib.sha256(der).hexdigest()[:16]
        self._issuer, self._audience, self.lifetime_s = issuer, audience, lifetime_s

    def sign(self, *, user_id: int, session_id: str, roles: tuple[str, ...], token_id: str) -> str:
        """Return a token that is valid from now for ``lifetime_s`` seconds."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": session_id,
            "roles": list(roles),
            "jti": token_id,
            "iat": now,
            "exp": now + self.lifetime_s,
            "typ": "access",
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.kid})

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        jwk = {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": self.kid}
        return {"keys": [jwk | {"n": _base64url_uint(numbers.n), "e": _base64url_uint(numbers.e)}]}


class TokenVerifier:
    """Verifies access tokens against a JWKS document, with a small allowance for clock skew."""

    def __init__(self, *, jwks: Mapping[str, Any], issuer: str, audience: str, leeway_s: int = 5) -> None:
        self._keys = {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM).key for key in jwks["keys"]}
        self._issuer, self._audience, self._leeway_s = issuer, audience, leeway_s

    def knows_key_of(self, token: str) -> bool:
        """Whether the key that ``token`` says it was signed with is in the set; if not, the set may be out of date."""
        try:
            return jwt.get_unverified_header(token).get("kid") in self._keys
        except jwt.PyJWTError:
            return True  # no newer set would make it a token

    def verify(self, token: str) -> AccessClaims:
        """Return the claims. Raises :class:`NotAuthenticated` (``token_expired`` or ``token_invalid``)."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway_s,
                options={"require": ["exp", "iat", "sub", "sid", "jti"]},
            )
            if claims.get("typ") != "access":
                raise NotAuthenticated("This is not an access token.", code="token_invalid")
            return AccessClaims(
                user_id=int(claims["sub"]),
                session_id=str(claims["sid"]),
                roles=tuple(claims.get("roles", ())),
                expires_at=int(claims["exp"]),
                token_id=str(claims["jti"]),
            )
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The access token has expired.", code="token_expired") from error
        except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
            raise NotAuthenticated("The access token is not valid.", code="token_invalid") from error
