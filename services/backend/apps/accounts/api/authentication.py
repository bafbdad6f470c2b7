"""``Authorization: Bearer`` with an access token."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts.models import User
from apps.accounts.signing import token_verifier
from meshop_shared.errors import NotAuthenticated
from meshop_shared.tokens import AccessClaims


class AccessTokenAuthentication(BaseAuthentication):
    """Verifies the token, then asks in one query whether its user is active and its session not revoked."""

    def authenticate(self, request: Request) -> tuple[User, AccessClaims] | None:
        """Return ``(user, claims)``, ``None`` without a bearer token. Raises ``NotAuthenticated``."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = token_verifier().verify(token.strip())
        user = User.objects.filter(
            pk=claims.user_id,
            is_active=True,
            token_families__id=claims.session_id,
            token_families__revoked_at__isnull=True,
        ).first()
        if user is None:
            raise NotAuthenticated("This session has ended.", code="session_ended")
        return user, claims

    def authenticate_header(self, request: Request) -> str:
        """Make DRF answer 401 instead of 403."""
        return "Bearer"
