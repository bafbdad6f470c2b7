"""Paths of webhooks."""

from django.urls import path

from apps.webhooks.api import views

urlpatterns = [
    path("endpoints/", views.EndpointsApi.as_view()),
    path("endpoints/<int:endpoint_id>/", views.EndpointApi.as_view()),
    path("endpoints/<int:endpoint_id>/rotate-secret/", views.SecretRotateApi.as_view()),
    path("endpoints/<int:endpoint_id>/replay-failed/", views.FailedReplayApi.as_view()),
    path("deliveries/", views.DeliveriesApi.as_view()),
    path("deliveries/<int:delivery_id>/", views.DeliveryApi.as_view()),
    path("deliveries/<int:delivery_id>/replay/", views.DeliveryReplayApi.as_view()),
]
