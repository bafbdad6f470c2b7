"""Paths of the catalogue. Fixed words stand before ``<str:key>``; slugs avoid them (``apps.products.slugs``)."""

from django.urls import path

from apps.core.api.cached_answer import cached_answer
from apps.core.response_cache import CATALOGUE, STOCK
from apps.products.api.views.categories import CategoryDetailApi, CategoryListApi, TagListApi
from apps.products.api.views.products import (
    ProductDetailApi,
    ProductImageUploadApi,
    ProductListApi,
    ProductSuggestApi,
)
from apps.products.api.views.reviews import (
    ProductReviewsApi,
    ReviewCreateApi,
    ReviewDetailApi,
    ReviewHelpfulApi,
)
from apps.products.api.views.wishlist import WishlistApi, WishlistItemApi

urlpatterns = [
    path("", cached_answer(ProductListApi.as_view(), stamps=(CATALOGUE, STOCK), unless="search")),
    path("categories/", cached_answer(CategoryListApi.as_view(), stamps=(CATALOGUE,))),
    path("categories/<str:key>/", cached_answer(CategoryDetailApi.as_view(), stamps=(CATALOGUE,))),
    path("tags/", cached_answer(TagListApi.as_view(), stamps=(CATALOGUE,))),
    path("suggest/", ProductSuggestApi.as_view()),
    path("wishlist/", WishlistApi.as_view()),
    path("wishlist/<str:id>/", WishlistItemApi.as_view()),
    path("reviews/", ReviewCreateApi.as_view()),
    path("reviews/<str:id>/", ReviewDetailApi.as_view()),
    path("reviews/<str:id>/helpful/", ReviewHelpfulApi.as_view()),
    path("<str:key>/", cached_answer(ProductDetailApi.as_view(), stamps=(CATALOGUE, STOCK))),
    path("<str:key>/reviews/", ProductReviewsApi.as_view()),
    path("<str:key>/upload_image/", ProductImageUploadApi.as_view()),
]
