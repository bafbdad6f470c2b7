"""Paths of the health app."""

from django.urls import path

from apps.health import views

urlpatterns = [
    path("api/health/", views.HealthApi.as_view()),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", views.metrics),
]
