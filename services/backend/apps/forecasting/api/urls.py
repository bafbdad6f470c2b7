"""Paths under ``/api/analytics/`` that look ahead."""

from django.urls import path

from apps.forecasting.api.views import ForecastApi, ReorderProposalsApi

urlpatterns = [
    path("forecast/", ForecastApi.as_view()),
    path("reorder-proposals/", ReorderProposalsApi.as_view()),
]
