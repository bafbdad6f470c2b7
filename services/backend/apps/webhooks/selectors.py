"""Reading endpoints and deliveries."""

from django.db.models import QuerySet

from apps.webhooks.errors import DeliveryNotFound, EndpointNotFound
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint


def endpoints_listen() -> bool:
    """Whether any endpoint takes events at the moment."""
    return WebhookEndpoint.objects.filter(is_enabled=True).exists()


def endpoint_list() -> QuerySet[WebhookEndpoint]:
    """All endpoints."""
    return WebhookEndpoint.objects.all()


def endpoint_get(*, endpoint_id: int) -> WebhookEndpoint:
    """One endpoint. Raises :class:`EndpointNotFound`."""
    endpoint = endpoint_list().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound()
    return endpoint


def delivery_list(*, endpoint_id: int | None = None, state: str | None = None) -> QuerySet[WebhookDelivery]:
    """Deliveries: to one endpoint, in one state."""
    deliveries = WebhookDelivery.objects.all()
    if endpoint_id is not None:
        deliveries = deliveries.filter(endpoint_id=endpoint_id)
    return deliveries.filter(state=state) if state else deliveries


def delivery_get(*, delivery_id: int) -> WebhookDelivery:
    """One delivery with its attempts. Raises :class:`DeliveryNotFound`."""
    delivery = WebhookDelivery.objects.prefetch_related("attempt_rows").filter(pk=delivery_id).first()
    if delivery is None:
        raise DeliveryNotFound()
    return delivery
