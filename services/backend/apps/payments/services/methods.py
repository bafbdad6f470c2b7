"""Stored cards."""

from django.db import transaction

from apps.payments.bootstrap import payment_provider
from apps.payments.errors import PaymentMethodNotFound
from apps.payments.models import PaymentMethod
from apps.payments.providers.base import ProviderUnavailable

Status = PaymentMethod.Status


def payment_method_remove(*, method_id: int, user_id: int) -> None:
    """Forget a card: here at once, at the provider now or when it answers again. Raises ``PaymentMethodNotFound``."""
    mine = PaymentMethod.objects.filter(pk=method_id, user_id=user_id, status=Status.ACTIVE)
    if not mine.update(status=Status.DETACHING):
        raise PaymentMethodNotFound()
    try:
        payment_method_detach(method_id=method_id)
    except ProviderUnavailable:
        return  # the reconciler goes on


def payment_method_detach(*, method_id: int) -> None:
    """Have the provider forget a card that we have forgotten. Raises ``ProviderUnavailable``."""
    method = PaymentMethod.objects.get(pk=method_id)
    payment_provider().method_detach(method_ref=method.provider_ref)
    with transaction.atomic():
        PaymentMethod.objects.filter(pk=method_id, status=Status.DETACHING).update(status=Status.DETACHED)
