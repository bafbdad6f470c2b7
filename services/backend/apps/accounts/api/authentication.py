"""``Authorization: Bearer`` with an access token."""

from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts.errors import SessionEnded
from apps.accounts.models import User
from apps.accounts.signing import token_verifier
from meshop_shared.errors import NotAuthenticated
from meshop_shared.tokens import AccessClaims


def bearer_claims(request: Request) -> AccessClaims | None:
    """Return what the caller's access token says, ``None`` without one. Raises ``NotAuthenticated``."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token_verifier().verify(token.strip()) if scheme.lower() == "bearer" else None


#: Written out because every request of a signed-in caller asks it.
_WITH_SESSION = """
SELECT u.* FROM accounts_user u JOIN accounts_tokenfamily f ON f.user_id = u.id
WHERE u.id = %s AND u.is_active AND f.id = %s AND f.revoked_at IS NULL
"""


def caller(request: Request) -> User:
    """Return who is signed in. Raises ``NotAuthenticated`` where a view lets anonymous callers through."""
    if not isinstance(request.user, User):
        raise NotAuthenticated()
    return request.user


def caller_session(request: Request) -> UUID:
    """Return the session (refresh family) that the caller's access token belongs to."""
    if not isinstance(request.auth, AccessClaims):
        raise NotAuthenticated()
    return UUID(request.auth.session_id)


class AccessTokenAuthentication(BaseAuthentication):
    """Verifies the token, then asks in one query whether its user is active and its session not revoked."""

    def authenticate(self, request: Request) -> tuple[User, AccessClaims] | None:
        """Return ``(user, claims)``, ``None`` without a bearer token. Raises ``NotAuthenticated``."""
        claims = bearer_claims(request)
        if claims is None:
            return None
        user = next(iter(User.objects.raw(_WITH_SESSION, [claims.user_id, claims.session_id])), None)
        if user is None:
            raise SessionEnded()
        return user, claims

    def authenticate_header(self, request: Request) -> str:
        """Make DRF answer 401 instead of 403."""
        return "Bearer"
