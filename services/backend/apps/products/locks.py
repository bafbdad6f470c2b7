"""Row and tree locks of the catalogue."""

from django.db import connection

from apps.products.models import Product, ProductReview
from meshop_shared.errors import NotFound

#: Any numbers that no other advisory lock of the shop uses.
_CATEGORY_TREE = 7_261_002


def product_lock(product_id: int, *, missing: type[NotFound] = NotFound) -> Product:
    """Lock one product against other writers until the transaction ends. Raises ``missing`` where there is none.

    Weak enough (``NO KEY UPDATE``) that reviews, cart items and order lines may refer to it meanwhile.
    """
    product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
    if product is None:
        raise missing()
    return product


def review_lock(review_id: int) -> ProductReview:
    """Lock one review, and before it the product whose rating it is part of. Raises ``NotFound``."""
    review = ProductReview.objects.filter(pk=review_id).first()
    if review is None:
        raise NotFound()
    product_lock(review.product_id)
    locked = ProductReview.objects.select_for_update(no_key=True).filter(pk=review_id).first()
    if locked is None:
        raise NotFound()
    return locked


def category_tree_lock() -> None:
    """Serialise changes of the tree: a new node's path depends on its siblings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CATEGORY_TREE])
