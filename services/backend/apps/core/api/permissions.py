"""Who may call an endpoint, by Django permission codename and never by role name.

Anonymous callers get 401, others 403. A method the view does not have passes, so that the answer is 405; OPTIONS
is such a method everywhere.
"""

from django.contrib.auth.models import AnonymousUser
from django.views import View
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from meshop_shared.errors import NotAuthenticated, PermissionDenied


def permission_check(request: Request, codename: str) -> None:
    """For views that decide in the middle: raise ``NotAuthenticated`` or ``PermissionDenied`` without ``codename``."""
    if isinstance(request.user, AnonymousUser) or not request.user.is_active:
        raise NotAuthenticated()
    if not request.user.has_perm(codename):
        raise PermissionDenied()


def permission_required(codename: str) -> type[BasePermission]:
    """Return the permission class ``HasPermission`` for every method of a view: the user has ``codename``.

    ``permission_classes = [permission_required("orders.fulfil_order")]``
    """
    return permission_by_method(GET=codename, POST=codename, PUT=codename, PATCH=codename, DELETE=codename)


def permission_by_method(**codename_by_method: str | None) -> type[BasePermission]:
    """Return a permission class for a view whose methods differ; ``None`` is open to all, a missing one is denied.

    ``permission_classes = [permission_by_method(GET=None, POST="products.add_product")]``. HEAD goes with GET.
    """

    class HasPermission(BasePermission):
        """Checks the codename of the method that is called."""

        def has_permission(self, request: Request, view: View) -> bool:
            method = "GET" if request.method == "HEAD" else str(request.method)
            if not _answers(view, method):
                return True
            if method not in codename_by_method:
                return False
            codename = codename_by_method[method]
            return codename is None or (request.user.is_authenticated and request.user.has_perm(codename))

    return HasPermission


def _answers(view: View, method: str) -> bool:
    return method != "OPTIONS" and hasattr(view, method.lower())


class SignedIn(BasePermission):
    """Any user with a valid session; what every endpoint asks unless it says otherwise."""

    def has_permission(self, request: Request, view: View) -> bool:
        """Return whether somebody is signed in."""
        return not _answers(view, str(request.method)) or bool(request.user.is_authenticated)
