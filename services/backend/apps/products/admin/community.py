"""Admin pages of what customers write: reviews, votes, wishlists."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.products.models import ProductReview, ReviewHelpful, Wishlist, WishlistItem
from apps.products.services.reviews import review_delete, review_moderate

Status = ProductReview.Status


@admin.register(ProductReview)
class ProductReviewAdmin(admin.ModelAdmin):
    """Reviews: the words are the author's, the status is ours."""

    list_display = ("id", "product", "user", "rating", "title", "status", "verified_purchase", "created_at")
    list_filter = ("status", "rating", "verified_purchase")
    list_select_related = ("product", "user")
    search_fields = ("=product__sku", "=user__email")
    show_full_result_count = False
    fields = (
        "product", "user", "rating", "title", "body", "status", "verified_purchase", "helpful_count",
        "created_at", "updated_at",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "status")
    actions = ["approve", "reject"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reviews are written in the shop."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Deciding takes the permission to moderate."""
        return request.user.has_perm("products.moderate_review")

    def save_model(self, request: HttpRequest, obj: ProductReview, form: ModelForm, change: bool) -> None:
        """Decide through the service, so that the product's rating follows."""
        review_moderate(review_id=obj.pk, status=obj.status, actor=_actor(request))

    @admin.action(description="Approve selected reviews", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ProductReview]) -> None:
        """Show them."""
        self._decide(queryset, Status.APPROVED, _actor(request))

    @admin.action(description="Reject selected reviews", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ProductReview]) -> None:
        """Hide them."""
        self._decide(queryset, Status.REJECTED, _actor(request))

    def delete_model(self, request: HttpRequest, obj: ProductReview) -> None:
        """Delete through the service, so that the product's rating follows."""
        review_delete(review_id=obj.pk, actor=_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProductReview]) -> None:
        """Delete through the service."""
        for review_id in queryset.order_by("product_id", "pk").values_list("pk", flat=True):
            review_delete(review_id=review_id, actor=_actor(request))

    @staticmethod
    def _decide(
        queryset: QuerySet[ProductReview], status: ProductReview.Status, actor: AbstractBaseUser
    ) -> None:
        for review_id in queryset.order_by("product_id", "pk").values_list("pk", flat=True):
            review_moderate(review_id=review_id, status=status, actor=actor)


@admin.register(ReviewHelpful)
class ReviewHelpfulAdmin(ReadOnlyAdmin):
    """Votes."""

    list_display = ("review", "user", "created_at")
    list_select_related = ("review", "user")
    show_full_result_count = False


class WishlistItemInline(admin.TabularInline):
    """What is on a wishlist."""

    model = WishlistItem
    extra = 0
    autocomplete_fields = ("product",)
    readonly_fields = ("created_at",)


@admin.register(Wishlist)
class WishlistAdmin(admin.ModelAdmin):
    """Wishlists."""

    list_display = ("user", "created_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    autocomplete_fields = ("user",)
    readonly_fields = ("created_at",)
    inlines = [WishlistItemInline]
    show_full_result_count = False


@admin.register(WishlistItem)
class WishlistItemAdmin(ReadOnlyAdmin):
    """All items of all wishlists."""

    list_display = ("wishlist", "product", "created_at")
    list_select_related = ("wishlist__user", "product")
    search_fields = ("=product__sku",)
    show_full_result_count = False


def _actor(request: HttpRequest) -> AbstractBaseUser:
    return cast(AbstractBaseUser, request.user)
