"""Paths of pictures; they lie below those of products, so they are included before them."""

from django.urls import path

from apps.core.api.cached_answer import cached_answer
from apps.core.response_cache import CATALOGUE
from apps.visual.api.views import ImageCheckApi, PicturesApi, VisualSearchApi

urlpatterns = [
    path("products/visual-search/", VisualSearchApi.as_view()),
    path("products/image-check/", ImageCheckApi.as_view()),
    path("products/pictures/", cached_answer(PicturesApi.as_view(), stamps=(CATALOGUE,))),
]
