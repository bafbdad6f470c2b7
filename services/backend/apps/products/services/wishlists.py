"""Writing wishlists."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from apps.products.errors import ProductNotFound
from apps.products.models import Product, Wishlist, WishlistItem
from meshop_shared.errors import NotFound


@transaction.atomic
def wishlist_add(*, user: AbstractBaseUser, product_id: int) -> tuple[WishlistItem, bool]:
    """Remember a product; return the item and whether it is new. Raises ``ProductNotFound``."""
    if not Product.objects.filter(pk=product_id, is_active=True).exists():
        raise ProductNotFound()
    wishlist, _ = Wishlist.objects.get_or_create(user_id=user.pk)
    return WishlistItem.objects.get_or_create(wishlist=wishlist, product_id=product_id)


@transaction.atomic
def wishlist_remove(*, user: AbstractBaseUser, item_id: int) -> None:
    """Forget an item of the user's own list; others' items do not exist for them. Raises ``NotFound``."""
    deleted, _ = WishlistItem.objects.filter(pk=item_id, wishlist__user_id=user.pk).delete()
    if not deleted:
        raise NotFound()
