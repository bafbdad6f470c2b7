"""Proposals, limits and the switch as JSON-ready dicts."""

from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.pricing.models import PriceFreeze, PriceLimit, PriceProposal
from apps.pricing.services.proposals import Asked
from meshop_shared.money import currency_exponent, minor_to_decimal_string


def proposal_to_dict(row: PriceProposal) -> dict[str, Any]:
    """Shape of :class:`~apps.pricing.api.serializers.ProposalOutput`."""
    product = row.product
    return {
        "id": row.pk,
        "product": {"id": product.pk, "sku": product.sku, "name": product.name},
        "status": str(row.status),
        "currency": row.currency,
        "current_price": minor_to_decimal_string(row.current_minor, row.currency),
        "proposed_price": minor_to_decimal_string(row.proposed_minor, row.currency),
        "source": row.source,
        "model": row.model,
        "reasons": row.reasons,
        "expected": _expected(row),
        "limits": row.limits_hit,
        "note": row.note,
        "proposed_by": _name(row.proposed_by),
        "decided_by": _name(row.decided_by),
        "decided_at": row.decided_at,
        "apply_at": row.apply_at,
        "applied_at": row.applied_at,
        "created_at": row.created_at,
    }


def asked_to_dict(asked: Asked) -> dict[str, Any]:
    """Shape of :class:`~apps.pricing.api.serializers.ProposedOutput`."""
    return {
        "source": asked.source,
        "model": asked.model,
        "reasons": asked.reasons,
        "results": [proposal_to_dict(row) for row in asked.proposals],
        "skipped": asked.skipped,
    }


def limit_to_dict(row: PriceLimit) -> dict[str, Any]:
    """Shape of :class:`~apps.pricing.api.serializers.LimitOutput`."""
    currency = row.product.currency
    return {
        "product_id": row.product_id,
        "currency": currency,
        "cost": minor_to_decimal_string(row.cost_minor, currency),
        "floor": minor_to_decimal_string(row.floor_minor, currency),
        "cap": minor_to_decimal_string(row.cap_minor, currency),
        "daily_step": settings.MESHOP.pricing_daily_step,
        "frozen": row.frozen,
        "updated_at": row.updated_at,
    }


def freeze_to_dict(row: PriceFreeze) -> dict[str, Any]:
    """Shape of :class:`~apps.pricing.api.serializers.FreezeOutput`."""
    return {
        "frozen": row.frozen,
        "note": row.note,
        "actor": _name(row.actor),
        "updated_at": None if row._state.adding else row.updated_at,
    }


def _expected(row: PriceProposal) -> dict[str, float | None]:
    """Margins in the currency instead of minor units."""
    unit = 10 ** currency_exponent(row.currency)
    return {
        name: value / unit if value is not None and name.startswith("margin") else value
        for name, value in row.expected.items()
    }


def _name(user: User | None) -> str | None:
    return user.get_username() if user else None
