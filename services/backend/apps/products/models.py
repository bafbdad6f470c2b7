"""The catalogue: categories, products with variants and images, reviews, wishlists, price history."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorCombinable, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Collate, Lower, Now
from treebeard.mp_tree import MP_Node

from apps.inventory.models import StockItem

ACTIVE = Q(is_active=True)


class Category(MP_Node):
    """A node of the category tree (materialised path)."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    description = models.TextField(blank=True)

    node_order_by: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A free label on products."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=70, unique=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class AttributeWords(SearchVectorCombinable, Func):
    """Texts and numbers among the values of a JSON object, as a search vector."""

    template = "setweight(jsonb_to_tsvector('english'::regconfig, %(expressions)s, '[\"string\", \"numeric\"]'), 'C')"
    output_field = SearchVectorField()
    config = None


class Product(models.Model):
    """Something the shop sells. With variants, each variant has its own stock; without, the product has it."""

    sku = models.CharField(max_length=64, unique=True)
    slug = models.SlugField(max_length=220, unique=True, help_text="Never digits only: those are ids.")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=20_000)
    brand = models.CharField(max_length=120, blank=True)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="products")
    price_minor = models.BigIntegerField(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    attributes = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True, help_text="Shown in the shop.")
    rating = models.FloatField(
        default=0, editable=False, help_text="Mean of the approved reviews, 0 if none."
    )
    review_count = models.PositiveIntegerField(default=0, editable=False)
    stock_item = models.OneToOneField(StockItem, null=True, editable=False, on_delete=models.PROTECT)
    search_extra = models.TextField(
        blank=True, editable=False, help_text="Category and tag names, for search."
    )
    search_vector = models.GeneratedField(
        expression=SearchVector("name", "sku", weight="A", config="english")
        + SearchVector("brand", "search_extra", weight="B", config="english")
        + SearchVector("description", weight="C", config="english")
        + AttributeWords("attributes"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="product_price_not_negative")
        ]
        indexes = [
            models.Index("created_at", "id", name="product_newest", condition=ACTIVE),
            models.Index("price_minor", "id", name="product_by_price", condition=ACTIVE),
            models.Index("name", "id", name="product_by_name", condition=ACTIVE),
            models.Index("rating", "id", name="product_by_rating", condition=ACTIVE),
            models.Index("category", "created_at", "id", name="product_category", condition=ACTIVE),
            models.Index("brand", "created_at", "id", name="product_brand", condition=ACTIVE),
            GinIndex(fields=["search_vector"], name="product_search"),
            GinIndex(fields=["name"], name="product_name_trgm", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["attributes"], name="product_attributes", opclasses=["jsonb_path_ops"]),
            # For suggestions: names that begin with what has been typed are a range in this order.
            models.Index(Collate(Lower("name"), "C"), "id", name="product_name_begins", condition=ACTIVE),
        ]

    def __str__(self) -> str:
        return self.name


class ProductVariant(models.Model):
    """A sellable form of a product (size, colour ...) with its own stock and, if it differs, its own price."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    attributes = models.JSONField(default=dict, blank=True)
    price_minor = models.BigIntegerField(null=True, blank=True, help_text="Empty: the product's price.")
    is_active = models.BooleanField(default=True)
    stock_item = models.OneToOneField(StockItem, editable=False, on_delete=models.PROTECT)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="variant_price_not_negative")
        ]
        indexes = [GinIndex(fields=["attributes"], name="variant_attributes", opclasses=["jsonb_path_ops"])]

    def __str__(self) -> str:
        return self.name


class ProductImage(models.Model):
    """A picture of a product, re-encoded on upload. Exactly one is primary when there are any."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    file = models.ImageField(upload_to="products", width_field="width", height_field="height", max_length=200)
    alt = models.CharField(max_length=200, blank=True)
    is_primary = models.BooleanField(default=False)
    width = models.PositiveIntegerField(default=0, editable=False)
    height = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-is_primary", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(is_primary=True), name="image_one_primary"
            )
        ]

    def __str__(self) -> str:
        return str(self.file.name)


class ProductReview(models.Model):
    """One user's opinion of one product."""

    class Status(models.TextChoices):
        """Moderation state; only approved reviews are shown and counted."""

        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    title = models.CharField(max_length=120, blank=True)
    body = models.TextField(max_length=5_000, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    verified_purchase = models.BooleanField(default=False)
    helpful_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        permissions = [("moderate_review", "Can approve and reject reviews")]
        constraints = [
            models.UniqueConstraint(fields=["product", "user"], name="review_one_per_user"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_1_to_5"),
        ]
        indexes = [
            models.Index(F("product"), F("created_at").desc(), F("id").desc(), name="review_by_product")
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5 for product {self.product_id}"


class ReviewHelpful(models.Model):
    """A user's vote that a review helped them."""

    review = models.ForeignKey(ProductReview, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "review helpful votes"
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="helpful_once_per_user")]

    def __str__(self) -> str:
        return f"vote on review {self.review_id}"


class Wishlist(models.Model):
    """A user's wishlist."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wishlist")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"wishlist of user {self.user_id}"


class WishlistItem(models.Model):
    """A product a user wants to remember."""

    wishlist = models.ForeignKey(Wishlist, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["wishlist", "product"], name="wishlist_product_once")]

    def __str__(self) -> str:
        return f"product {self.product_id}"


class PriceHistory(models.Model):
    """A price that a product or variant had from ``created_at`` on."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="price_history")
    variant = models.ForeignKey(ProductVariant, null=True, blank=True, on_delete=models.CASCADE)
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "price history"
        indexes = [models.Index(fields=["product", "created_at"], name="price_history_product")]

    def __str__(self) -> str:
        return f"{self.price_minor} {self.currency}"


class SearchWord(models.Model):
    """A word of the catalogue under one spelling: itself, or itself without one letter. Written by triggers.

    Two words that differ by one slip share a spelling, so a typo finds its word by equality (W. Garbe, SymSpell).
    """

    spelling = models.CharField(max_length=30)
    word = models.CharField(max_length=30)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["spelling", "word"], name="search_spelling_once")]

    def __str__(self) -> str:
        return self.word


class CatalogImport(models.Model):
    """How far the import of one file has come; committed together with what it counts."""

    class Status(models.TextChoices):
        """Whether a run came to its end."""

        RUNNING = "running"
        FINISHED = "finished"

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of content and options.")
    source = models.CharField(max_length=255, help_text="Name of the file.")
    format = models.CharField(max_length=20)
    options = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    line = models.BigIntegerField(default=0, help_text="Data lines dealt with.")
    rejects_bytes = models.BigIntegerField(default=0, help_text="Valid length of the file of rejected lines.")
    counters = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.source} ({self.status}, line {self.line})"
