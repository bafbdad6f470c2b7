"""The caller's own data."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.accounts.api.serializers import ProfileChangeSerializer, ProfileSerializer
from apps.accounts.models import User, UserProfile
from apps.accounts.selectors import profile_get
from apps.accounts.services.users import profile_update


class ProfileApi(APIView):
    """``GET, PUT, PATCH profile/``."""

    @extend_schema(responses={200: ProfileSerializer}, tags=["auth"])
    def get(self, request: Request) -> Response:
        """Who I am."""
        user = caller(request)
        return _profile_response(user, profile_get(user=user))

    @extend_schema(request=ProfileChangeSerializer, responses={200: ProfileSerializer}, tags=["auth"])
    def put(self, request: Request) -> Response:
        """Change my data; what is left out keeps its value."""
        return self._change(request)

    @extend_schema(request=ProfileChangeSerializer, responses={200: ProfileSerializer}, tags=["auth"])
    def patch(self, request: Request) -> Response:
        """Change my data; what is left out keeps its value."""
        return self._change(request)

    @staticmethod
    def _change(request: Request) -> Response:
        user = caller(request)
        body = ProfileChangeSerializer(data=request.data, context={"email": user.email})
        body.is_valid(raise_exception=True)
        changes = {field: value for field, value in body.validated_data.items() if field != "email"}
        return _profile_response(user, profile_update(user=user, changes=changes))


def _profile_response(user: User, profile: UserProfile) -> Response:
    user.profile = profile
    return Response(ProfileSerializer(user).data)
