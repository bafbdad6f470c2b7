"""Row locks of this app: an endpoint is locked before its deliveries, several endpoints by primary key."""

from collections.abc import Iterable

from apps.webhooks.errors import EndpointNotFound
from apps.webhooks.models import WebhookEndpoint


def endpoint_lock(*, endpoint_id: int) -> WebhookEndpoint:
    """Lock an endpoint until the transaction ends. Raises :class:`EndpointNotFound`."""
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound()
    return endpoint


def endpoints_lock(ids: Iterable[int], *, wait: bool) -> list[WebhookEndpoint]:
    """Lock those of the endpoints that there are, or without ``wait`` those that nobody else has locked."""
    rows = WebhookEndpoint.objects.select_for_update(skip_locked=not wait)
    return list(rows.filter(pk__in=list(ids)).order_by("pk"))
