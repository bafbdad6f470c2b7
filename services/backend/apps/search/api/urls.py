"""Paths of search."""

from django.urls import path

from apps.search.api.views import SearchApi, SearchedTextsApi

urlpatterns = [path("", SearchApi.as_view()), path("texts/", SearchedTextsApi.as_view())]
