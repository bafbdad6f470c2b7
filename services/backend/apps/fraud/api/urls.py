"""Paths of the analysts' queue."""

from django.urls import path

from apps.fraud.api import views

urlpatterns = [
    path("reviews/", views.FraudReviewsApi.as_view()),
    path("reviews/<int:review_id>/", views.FraudReviewApi.as_view()),
    path("reviews/<int:review_id>/decide/", views.FraudReviewDecideApi.as_view()),
    path("reviews/<int:review_id>/label/", views.FraudReviewLabelApi.as_view()),
]
