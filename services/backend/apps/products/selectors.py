"""Reading the catalogue, reviews and wishlists."""

from django.db.models import Q, QuerySet

from apps.products.errors import CategoryNotFound
from apps.products.models import Category, Product, ProductReview, Tag, WishlistItem
from meshop_shared.errors import NotFound

Status = ProductReview.Status


def category_list(*, parent: str | None = None) -> QuerySet[Category]:
    """Categories; ``parent`` limits them to the children of a slug, or with ``root`` to the top."""
    categories = Category.objects.all()
    if parent == "root":
        return categories.filter(depth=1)
    if parent is None:
        return categories
    node = Category.objects.filter(slug=parent).first()
    if node is None:
        raise CategoryNotFound()
    return categories.filter(path__startswith=node.path, depth=node.depth + 1)


def category_parent_ids(categories: list[Category]) -> dict[int, int | None]:
    """Map ids of ``categories`` to the ids of their parents, in one query."""
    paths = {node.path[: -Category.steplen] for node in categories if node.depth > 1}
    ids = dict(Category.objects.filter(path__in=paths).values_list("path", "pk")) if paths else {}
    return {node.pk: ids.get(node.path[: -Category.steplen]) for node in categories}


def category_get(*, id: int | None = None, slug: str | None = None) -> Category:
    """One category by id or slug. Raises :class:`CategoryNotFound`."""
    found = Category.objects.filter(Q(slug=slug) if id is None else Q(pk=id)).first()
    if found is None:
        raise CategoryNotFound()
    return found


def category_ancestors(category: Category) -> list[Category]:
    """From the root down to the parent."""
    step = Category.steplen
    paths = [category.path[:end] for end in range(step, len(category.path), step)]
    return list(Category.objects.filter(path__in=paths).order_by("path")) if paths else []


def category_branch_ids(*, slug: str) -> list[int] | None:
    """Ids of the category and all below it; ``None`` when there is no such slug."""
    root = Category.objects.filter(slug=slug).values("path")[:1]
    rows = Category.objects.filter(path__startswith=root).values_list("pk", flat=True)
    return list(rows) or None


def category_product_count(category: Category) -> int:
    """Number of shown products in the category and all below it."""
    return Product.objects.filter(is_active=True, category__path__startswith=category.path).count()


def tag_list() -> QuerySet[Tag]:
    """All tags."""
    return Tag.objects.all()


def product_id_of_slug(slug: str) -> int | None:
    """Id of the product with this slug, hidden or not."""
    return Product.objects.filter(slug=slug).values_list("pk", flat=True).first()


def review_list(*, product_id: int, user_id: int | None) -> QuerySet[ProductReview]:
    """Approved reviews of a product, and the caller's own whatever its state."""
    visible = Q(status=Status.APPROVED)
    if user_id is not None:
        visible |= Q(user_id=user_id)
    return ProductReview.objects.filter(visible, product_id=product_id).select_related("user")


def review_get(*, review_id: int, user_id: int | None, moderator: bool = False) -> ProductReview:
    """One review that the caller may see: approved, their own, or any for a moderator. Else ``NotFound``."""
    review = (
        ProductReview.objects.filter(pk=review_id, product__is_active=True).select_related("user").first()
    )
    if review is None or not (
        moderator or review.status == Status.APPROVED or (user_id is not None and review.user_id == user_id)
    ):
        raise NotFound()
    return review


def wishlist_items(*, user_id: int) -> QuerySet[WishlistItem]:
    """What the user wants to remember, as far as the shop still shows it."""
    return WishlistItem.objects.filter(wishlist__user_id=user_id, product__is_active=True)


def active_product_exists(*, product_id: int) -> bool:
    """Tell whether the shop shows this product."""
    return Product.objects.filter(pk=product_id, is_active=True).exists()


def product_find(*, product_id: int) -> Product | None:
    """A product, shown or not."""
    return Product.objects.filter(pk=product_id).first()
