"""Paths of proposed prices."""

from django.urls import path

from apps.pricing.api import views

urlpatterns = [
    path("proposals/", views.ProposalsApi.as_view()),
    path("proposals/<int:proposal_id>/", views.ProposalApi.as_view()),
    path("proposals/<int:proposal_id>/approve/", views.ProposalApproveApi.as_view()),
    path("proposals/<int:proposal_id>/reject/", views.ProposalRejectApi.as_view()),
    path("limits/<int:product_id>/", views.LimitApi.as_view()),
    path("freeze/", views.FreezeApi.as_view()),
    path("products/<int:product_id>/", views.ProductPriceApi.as_view()),
]
