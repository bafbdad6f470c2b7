"""Entry points of the worker."""

from celery import shared_task

from apps.pricing.errors import PricesFrozen
from apps.pricing.services.decisions import proposals_apply_due
from apps.pricing.services.proposals import proposals_request


@shared_task
def apply_due() -> int:
    """Change the prices whose time has come."""
    return proposals_apply_due()


@shared_task
def propose() -> int:
    """Look for better prices of the products that were not looked at for longest."""
    try:
        return len(proposals_request(product_ids=None, actor=None).proposals)
    except PricesFrozen:
        return 0
