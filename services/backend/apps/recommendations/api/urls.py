"""Paths of recommendations; they lie below those of other apps, so they are included before them."""

from django.urls import path

from apps.core.api.cached_answer import cached_answer
from apps.core.response_cache import CATALOGUE, STOCK
from apps.recommendations.api.views import (
    CartRecommendationsApi,
    ProductRecommendationsApi,
    ProductViewedApi,
    UserRecommendationsApi,
)

urlpatterns = [
    path("recommendations/", UserRecommendationsApi.as_view()),
    path("products/<str:key>/view/", ProductViewedApi.as_view()),
    path("orders/cart/recommendations/", CartRecommendationsApi.as_view()),
    path(
        "products/<str:key>/recommendations/",
        cached_answer(ProductRecommendationsApi.as_view(), stamps=(CATALOGUE, STOCK)),
    ),
]
