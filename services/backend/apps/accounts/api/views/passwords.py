"""Changing and resetting passwords."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller, caller_session
from apps.accounts.api.serializers import (
    DetailSerializer,
    PasswordChangeSerializer,
    PasswordResetConfirmSerializer,
    PasswordResetSerializer,
    TokensSerializer,
)
from apps.accounts.api.views.sessions import PublicApi, tokens_response
from apps.accounts.services.passwords import (
    password_change,
    password_reset_confirm,
    password_reset_request,
)
from apps.core.throttling import client_ip, limit_hit

_RESETS_PER_MINUTE = 120


class PasswordChangeApi(APIView):
    """``POST change-password/``."""

    @extend_schema(request=PasswordChangeSerializer, responses={200: TokensSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Set a new password. All other sessions end; this one gets fresh tokens."""
        body = PasswordChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        tokens = password_change(
            user=caller(request),
            family_id=caller_session(request),
            ip=client_ip(request),
            **body.validated_data,
        )
        return tokens_response(tokens)


class PasswordResetRequestApi(PublicApi):
    """``POST password-reset/``."""

    @extend_schema(request=PasswordResetSerializer, responses={202: DetailSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Mail a token that sets a new password; the answer is the same whether or not there is an account."""
        limit_hit(name="reset", key=client_ip(request), limit=_RESETS_PER_MINUTE, window_s=60)
        body = PasswordResetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        password_reset_request(email=body.validated_data["email"])
        return Response({"detail": "If there is such an account, a mail is on its way."}, status=202)


class PasswordResetConfirmApi(PublicApi):
    """``POST password-reset/confirm/``."""

    @extend_schema(request=PasswordResetConfirmSerializer, responses={200: DetailSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Set a new password with a mailed token, once. All sessions end. 400 `reset_invalid`."""
        limit_hit(name="reset", key=client_ip(request), limit=_RESETS_PER_MINUTE, window_s=60)
        body = PasswordResetConfirmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        password_reset_confirm(**body.validated_data)
        return Response({"detail": "Your password has been changed. Sign in with the new one."})
