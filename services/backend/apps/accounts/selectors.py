"""Reading accounts."""

from typing import Any, overload

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from apps.accounts.errors import AddressNotFound
from apps.accounts.models import Address, RefreshToken, User, UserProfile
from apps.accounts.roles import ADMINISTRATOR

Roles = tuple[str, ...]
_POSTAL_FIELDS = ("full_name", "line1", "line2", "city", "state", "postal_code", "country", "phone")


def _group_names(user_ref: str) -> ArraySubquery:
    return ArraySubquery(Group.objects.filter(user=OuterRef(user_ref)).order_by("name").values("name"))


def _roles(user: User, group_names: list[str]) -> Roles:
    return (*group_names, ADMINISTRATOR) if user.is_superuser else tuple(group_names)


def user_for_login(*, email: str) -> tuple[User, Roles] | None:
    """The account with this e-mail in any case, active or not, and its roles, in one query."""
    user = User.objects.annotate(group_names=_group_names("pk")).filter(email=email.strip().lower()).first()
    return None if user is None else (user, _roles(user, user.group_names))


def user_roles(*, user: User) -> Roles:
    """Names of the user's groups, and ``administrator`` for superusers; what access tokens carry."""
    return _roles(user, list(user.groups.order_by("name").values_list("name", flat=True)))


def user_find(*, user_id: int) -> User | None:
    """The account with this id, active or not."""
    return User.objects.filter(pk=user_id).first()


def user_for_reset(*, email: str) -> User | None:
    """The active account with this e-mail."""
    return User.objects.filter(email=email.strip().lower(), is_active=True).first()


def refresh_token_get(*, token_hash: str) -> tuple[RefreshToken, Roles] | None:
    """A refresh token with its family and user, and the user's roles, in one query."""
    token = (
        RefreshToken.objects.select_related("family__user")
        .annotate(group_names=_group_names("family__user_id"))
        .filter(token_hash=token_hash)
        .first()
    )
    return None if token is None else (token, _roles(token.family.user, token.group_names))


def profile_get(*, user: User) -> UserProfile:
    """The user's profile; an unsaved one with the defaults if there is none yet."""
    return UserProfile.objects.filter(user=user).first() or UserProfile(user=user)


def address_list(*, user_id: int) -> QuerySet[Address]:
    """Addresses of one user."""
    return Address.objects.filter(user_id=user_id)


def address_find(*, user_id: int, address_id: int) -> Address | None:
    """One of the user's addresses."""
    return address_list(user_id=user_id).filter(pk=address_id).first()


@overload
def address_snapshot_get(*, user_id: int, address_id: int) -> dict[str, Any]: ...
@overload
def address_snapshot_get(*, user_id: int, address_id: None) -> dict[str, Any] | None: ...
def address_snapshot_get(*, user_id: int, address_id: int | None) -> dict[str, Any] | None:
    """The postal fields of an address, to be kept with an order. Raises ``AddressNotFound`` for an id.

    Without an id: the user's default shipping address, or ``None``.
    """
    addresses = address_list(user_id=user_id).values(*_POSTAL_FIELDS)
    if address_id is None:
        return addresses.filter(type=Address.Type.SHIPPING, is_default=True).first()
    snapshot = addresses.filter(pk=address_id).first()
    if snapshot is None:
        raise AddressNotFound()
    return snapshot
