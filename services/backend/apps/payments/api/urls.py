"""Paths of payments."""

from django.urls import path

from apps.payments.api import views
from apps.payments.api.fake_views import FakeCheckoutApi

urlpatterns = [
    path("create-checkout-session/", views.CheckoutSessionCreateApi.as_view()),
    path("webhook/", views.WebhookApi.as_view()),
    path("", views.PaymentsApi.as_view()),
    path("<int:payment_id>/", views.PaymentApi.as_view()),
    path("<int:payment_id>/refund/", views.PaymentRefundApi.as_view()),
    path("transactions/", views.TransactionsApi.as_view()),
    path("methods/", views.PaymentMethodsApi.as_view()),
    path("methods/<int:method_id>/", views.PaymentMethodApi.as_view()),
    path("fake/sessions/<str:session_id>/", FakeCheckoutApi.as_view()),
]
