"""Setting limits, and turning the switch."""

import math

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.pricing.locks import freeze_lock
from apps.pricing.models import PriceFreeze, PriceLimit
from apps.products.locks import product_lock
from meshop_shared.errors import ValidationFailed


@transaction.atomic
def limit_set(
    *, product_id: int, cost_minor: int, floor_minor: int | None, cap_minor: int | None, frozen: bool,
    actor: AbstractBaseUser,
) -> PriceLimit:  # fmt: skip
    """Set what a product costs and between which prices a program may propose.

    Without a floor, ``PRICING_MIN_MARGIN`` over the cost; without a cap, ``PRICING_CAP`` times today's price. Raises
    ``NotFound`` and ``ValidationFailed`` where the cap would be below the floor.
    """
    product = product_lock(product_id)
    config = settings.MESHOP
    floor = floor_minor or max(math.ceil(cost_minor * (1 + config.pricing_min_margin) - 1e-6), 1)
    cap = cap_minor or max(math.floor(product.price_minor * config.pricing_cap + 1e-6), floor)
    if cap < floor:
        raise ValidationFailed.for_field("cap", "The highest price must not be below the lowest.")
    before = PriceLimit.objects.filter(product_id=product_id).first()
    row, _ = PriceLimit.objects.update_or_create(
        product_id=product_id,
        defaults={
            "cost_minor": cost_minor, "floor_minor": floor, "cap_minor": cap, "frozen": frozen,
            "updated_at": timezone.now(),
        },
    )  # fmt: skip
    audit_record(
        actor=actor,
        action="price.limit",
        target=f"product:{product_id}",
        before=_state(before),
        after=_state(row),
    )
    return row


@transaction.atomic
def freeze_set(*, frozen: bool, note: str, actor: AbstractBaseUser) -> PriceFreeze:
    """Turn the switch. What is approved waits while it is on; nothing is applied after this returns."""
    row = freeze_lock()
    before = {"frozen": row.frozen, "note": row.note}
    row.frozen, row.note, row.actor_id, row.updated_at = frozen, note, actor.pk, timezone.now()
    row.save()
    after = {"frozen": frozen, "note": note}
    audit_record(actor=actor, action="price.freeze", target="prices", before=before, after=after)
    return row


def _state(row: PriceLimit | None) -> dict[str, object]:
    names = ("cost_minor", "floor_minor", "cap_minor", "frozen")
    return {name: getattr(row, name) for name in names} if row else {}
