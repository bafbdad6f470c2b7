from dataclasses import dataclass

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from apps.core.api.permissions import SignedIn, permission_by_method, permission_check, permission_required
from meshop_shared.errors import NotAuthenticated, PermissionDenied


@dataclass
class Person:
    permissions: tuple[str, ...] = ()
    is_active: bool = True
    is_authenticated: bool = True
    pk: int = 1

    def has_perm(self, codename):
        return codename in self.permissions


CUSTOMER, STAFF = Person(), Person(("shop.open",))


def view_of(permission):
    class DoorApi(APIView):
        permission_classes = [permission]

        def get(self, request):
            return Response("in")

        def post(self, request):
            return Response("in")

    return DoorApi.as_view()


def status(permission, method, user=None):
    request = getattr(APIRequestFactory(), method)("/")
    if user is not None:
        force_authenticate(request, user=user)
    return view_of(permission)(request).status_code


@pytest.mark.parametrize(
    ("user", "expected"), [(None, 401), (CUSTOMER, 403), (STAFF, 200)], ids=["anonymous", "user", "staff"]
)
def test_permission_required(user, expected):
    for method in ("get", "head", "post"):
        assert status(permission_required("shop.open"), method, user) == expected


def test_methods_may_differ_and_what_is_not_named_is_denied():
    permission = permission_by_method(GET=None)
    assert status(permission, "get") == status(permission, "head") == 200
    assert status(permission, "post") == 401
    assert status(permission, "post", STAFF) == 403


@pytest.mark.parametrize("permission", [SignedIn, permission_required("shop.open")])
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_method_that_does_not_exist_is_405_for_everybody(permission, method):
    assert status(permission, method) == 405


def test_signed_in():
    assert status(SignedIn, "get") == 401
    assert status(SignedIn, "get", CUSTOMER) == 200


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (AnonymousUser(), NotAuthenticated),
        (CUSTOMER, PermissionDenied),
        (Person(("shop.open",), is_active=False), NotAuthenticated),
    ],
)
def test_permission_check_raises(user, error):
    request = APIRequestFactory().get("/")
    request.user = user
    with pytest.raises(error):
        permission_check(request, "shop.open")


def test_permission_check_passes():
    request = APIRequestFactory().get("/")
    request.user = STAFF
    permission_check(request, "shop.open")
