"""The address book. Each writer holds the user's lock, so limits and defaults hold under any concurrency."""

from typing import Any

from django.db import transaction

from apps.accounts.errors import AddressLimit
from apps.accounts.locks import user_lock
from apps.accounts.models import Address
from apps.accounts.selectors import address_find, address_list
from meshop_shared.errors import NotFound

MAX_ADDRESSES = 50


@transaction.atomic
def address_create(*, user_id: int, fields: dict[str, Any]) -> Address:
    """Add an address; the first of its type becomes the default. Raises :class:`AddressLimit`."""
    user_lock(user_id=user_id)
    existing = list(address_list(user_id=user_id).values_list("type", "is_default"))
    if len(existing) >= MAX_ADDRESSES:
        raise AddressLimit(extra={"limit": MAX_ADDRESSES})
    address = Address(user_id=user_id, **fields)
    if not any(type == address.type for type, _ in existing):
        address.is_default = True
    if address.is_default and (address.type, True) in existing:
        _default_clear(user_id=user_id, type=address.type)
    address.save(force_insert=True)
    return address


@transaction.atomic
def address_update(*, user_id: int, address_id: int, changes: dict[str, Any]) -> Address:
    """Change an address. Making it the default takes that from the other; so does moving it to a type that has none.

    An address that moves to a type which has a default stops being one, unless asked for. Raises
    ``NotFound``.
    """
    user_lock(user_id=user_id)
    address = address_find(user_id=user_id, address_id=address_id)
    if address is None:
        raise NotFound()
    moved = changes.get("type", address.type) != address.type
    for field, value in changes.items():
        setattr(address, field, value)
    others = address_list(user_id=user_id).exclude(pk=address.pk).filter(type=address.type, is_default=True)
    if moved and "is_default" not in changes:
        address.is_default = not others.exists()
    if address.is_default:
        others.update(is_default=False)
    address.save(force_update=True)
    return address


@transaction.atomic
def address_delete(*, user_id: int, address_id: int) -> None:
    """Delete an address; if it was the default, the newest that is left of its type is from now on.

    Raises ``NotFound``.
    """
    user_lock(user_id=user_id)
    address = address_find(user_id=user_id, address_id=address_id)
    if address is None:
        raise NotFound()
    address.delete()
    if address.is_default:
        heir = address_list(user_id=user_id).filter(type=address.type).order_by("-pk").values("pk")[:1]
        Address.objects.filter(pk__in=heir).update(is_default=True)


def _default_clear(*, user_id: int, type: str) -> None:
    address_list(user_id=user_id).filter(type=type, is_default=True).update(is_default=False)
