"""Paths of notifications."""

from django.urls import path

from apps.notifications.api import views

urlpatterns = [
    path("", views.NotificationsApi.as_view()),
    path("read-all/", views.NotificationsReadAllApi.as_view()),
    path("<int:notification_id>/read/", views.NotificationReadApi.as_view()),
]
