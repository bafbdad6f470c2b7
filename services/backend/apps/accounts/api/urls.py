"""Paths below ``/api/auth/``."""

from django.urls import path

from apps.accounts.api.views.addresses import AddressDetailApi, AddressListApi
from apps.accounts.api.views.passwords import (
    PasswordChangeApi,
    PasswordResetConfirmApi,
    PasswordResetRequestApi,
)
from apps.accounts.api.views.profile import ProfileApi
from apps.accounts.api.views.sessions import (
    SessionEndApi,
    SessionRefreshApi,
    SigningKeysApi,
    UserLoginApi,
    UserRegisterApi,
)

urlpatterns = [
    path("register/", UserRegisterApi.as_view()),
    path("login/", UserLoginApi.as_view()),
    path("refresh/", SessionRefreshApi.as_view()),
    path("logout/", SessionEndApi.as_view()),
    path("profile/", ProfileApi.as_view()),
    path("addresses/", AddressListApi.as_view()),
    path("addresses/<int:id>/", AddressDetailApi.as_view()),
    path("change-password/", PasswordChangeApi.as_view()),
    path("password-reset/", PasswordResetRequestApi.as_view()),
    path("password-reset/confirm/", PasswordResetConfirmApi.as_view()),
    path(".well-known/jwks.json", SigningKeysApi.as_view()),
]
