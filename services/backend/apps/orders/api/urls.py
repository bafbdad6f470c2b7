"""Paths of carts and orders."""

from django.urls import path

from apps.orders.api import cart_views, order_views, return_views

urlpatterns = [
    path("cart/", cart_views.CartReadApi.as_view()),
    path("cart/add/", cart_views.CartAddApi.as_view()),
    path("cart/items/<int:item_id>/", cart_views.CartItemApi.as_view()),
    path("cart/clear/", cart_views.CartClearApi.as_view()),
    path("", order_views.OrdersApi.as_view()),
    path("<int:order_id>/", order_views.OrderApi.as_view()),
    path("<int:order_id>/cancel/", order_views.OrderCancelApi.as_view()),
    path("<int:order_id>/timeline/", order_views.OrderTimelineApi.as_view()),
    path("<int:order_id>/returns/", return_views.OrderReturnsApi.as_view()),
    path("<int:order_id>/ship/", order_views.OrderShipApi.as_view()),
    path("<int:order_id>/deliver/", order_views.OrderDeliverApi.as_view()),
]
