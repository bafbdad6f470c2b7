"""Registering, signing in and out."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import bearer_claims
from apps.accounts.api.serializers import (
    LoginSerializer,
    LogoutSerializer,
    RefreshSerializer,
    RegisterSerializer,
    SessionSerializer,
    TokensSerializer,
)
from apps.accounts.services.sessions import TokenPair, family_revoke, session_end, session_refresh
from apps.accounts.services.users import SignedIn, user_login, user_register
from apps.accounts.signing import token_signer
from apps.core.throttling import client_ip, limit_hit
from meshop_shared.errors import NotAuthenticated

#: Tokens must not end up in anybody's cache (RFC 6749 section 5.1).
NO_STORE = {"Cache-Control": "no-store"}
_REGISTRATIONS_PER_MINUTE = 600


class PublicApi(APIView):
    """Base of endpoints that nobody needs to be signed in for; a stale access token does no harm here."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class UserRegisterApi(PublicApi):
    """``POST register/``."""

    @extend_schema(request=RegisterSerializer, responses={201: SessionSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Create an account and sign it in. 409 `email_taken`; the caller's guest cart becomes the user's."""
        limit_hit(name="register", key=client_ip(request), limit=_REGISTRATIONS_PER_MINUTE, window_s=60)
        body = RegisterSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return _session_response(
            user_register(**body.validated_data, cart_token=_cart_token(request)), status=201
        )


class UserLoginApi(PublicApi):
    """``POST login/``."""

    @extend_schema(request=LoginSerializer, responses={200: SessionSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Sign in. 401 `invalid_credentials`, 429 after ten failures; the guest cart is merged into the user's."""
        body = LoginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        signed_in = user_login(**body.validated_data, ip=client_ip(request), cart_token=_cart_token(request))
        return _session_response(signed_in, status=200)


class SessionRefreshApi(PublicApi):
    """``POST refresh/``."""

    @extend_schema(request=RefreshSerializer, responses={200: TokensSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for new tokens. It works once; using it again ends the session (401)."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return tokens_response(session_refresh(refresh=body.validated_data["refresh"]))


class SessionEndApi(PublicApi):
    """``POST logout/``."""

    @extend_schema(request=LogoutSerializer, responses={204: None}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """End a session: that of `refresh`, or that of the access token. Saying it again changes nothing."""
        body = LogoutSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if "refresh" in body.validated_data:
            session_end(refresh=body.validated_data["refresh"])
            return Response(status=204)
        claims = bearer_claims(request)
        if claims is None:
            raise NotAuthenticated()
        family_revoke(family_id=UUID(claims.session_id), reason="logout")
        return Response(status=204)


class SigningKeysApi(PublicApi):
    """``GET .well-known/jwks.json``."""

    @extend_schema(responses={200: {"type": "object", "additionalProperties": True}}, tags=["auth"])
    def get(self, request: Request) -> Response:
        """The public keys that verify access tokens, as a JSON Web Key Set (RFC 7517)."""
        return Response(token_signer().jwks(), headers={"Cache-Control": "public, max-age=300"})


def tokens_response(tokens: TokenPair) -> Response:
    """Answer new tokens."""
    return Response({"access": tokens.access, "refresh": tokens.refresh}, headers=NO_STORE)


def _session_response(signed_in: SignedIn, *, status: int) -> Response:
    user, tokens = signed_in.user, signed_in.tokens
    body = SessionSerializer({"user": user, "access": tokens.access, "refresh": tokens.refresh}).data
    return Response(body, status=status, headers=NO_STORE)


def _cart_token(request: Request) -> str | None:
    """The guest cart that the caller holds, by header or cookie; ``None`` if that is not a UUID."""
    text = request.headers.get("X-Cart-Token") or request.COOKIES.get("cart_token") or ""
    try:
        return str(UUID(text))
    except ValueError:
        return None
