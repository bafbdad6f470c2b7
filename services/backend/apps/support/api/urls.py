"""Paths of support and of the chat."""

from django.urls import path

from apps.support.api import chat_views, views

urlpatterns = [
    path("chat/", chat_views.ChatApi.as_view()),
    path("support/policies/", views.PoliciesApi.as_view()),
    path("support/tickets/", views.TicketsApi.as_view()),
    path("support/tickets/<int:ticket_id>/", views.TicketApi.as_view()),
    path("support/tickets/<int:ticket_id>/close/", views.TicketCloseApi.as_view()),
]
