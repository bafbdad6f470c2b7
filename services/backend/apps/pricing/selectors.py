"""Reading proposals, limits and prices."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from apps.pricing.errors import PriceProposalNotFound
from apps.pricing.history import Entry, prices_between
from apps.pricing.models import PriceFreeze, PriceLimit, PriceProposal
from apps.products.models import PriceHistory, Product
from apps.products.sellable import sellable_units_get
from meshop_shared.price_guards import PriceLimits

_DAY = timedelta(days=1)
#: Entries of a product's price that are looked at, the newest ones.
_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """A product with its limits, as the service and the guards need it; ``recent`` ends with the current price."""

    product_id: int
    sku: str
    currency: str
    cost_minor: int
    recent: tuple[int, ...]
    stock: int
    limits: PriceLimits


def proposal_list(*, status: str | None = None, product_id: int | None = None) -> QuerySet[PriceProposal]:
    """Proposals with their products."""
    rows = PriceProposal.objects.select_related("product", "proposed_by", "decided_by")
    if status:
        rows = rows.filter(status=status)
    return rows.filter(product_id=product_id) if product_id else rows


def proposal_get(*, proposal_id: int) -> PriceProposal:
    """One proposal. Raises :class:`PriceProposalNotFound`."""
    row = proposal_list().filter(pk=proposal_id).first()
    if row is None:
        raise PriceProposalNotFound()
    return row


def freeze_get() -> PriceFreeze:
    """The switch as it is; off until somebody turned it on."""
    return PriceFreeze.objects.select_related("actor").filter(pk=1).first() or PriceFreeze(pk=1)


def limit_get(*, product_id: int) -> PriceLimit | None:
    """The limits of a product, if somebody set them."""
    return PriceLimit.objects.select_related("product").filter(product_id=product_id).first()


def products_due(*, limit: int) -> list[int]:
    """Products that may be priced and have no proposal, those first that were not looked at for longest."""
    waiting = PriceProposal.objects.filter(status__in=["open", "approved"]).values("product_id")
    rows = PriceLimit.objects.filter(frozen=False, product__is_active=True).exclude(product_id__in=waiting)
    return list(rows.order_by("proposed_at", "id").values_list("product_id", flat=True)[:limit])


def priced_products(*, product_ids: list[int], now: datetime, frozen: bool) -> dict[int, PricedProduct]:
    """Those of the products that have limits, in four queries. ``frozen`` is the switch."""
    limits = {row.product_id: row for row in PriceLimit.objects.filter(product_id__in=product_ids)}
    products = Product.objects.filter(pk__in=list(limits))
    entries = price_entries(product_ids=list(limits), since=now - _DAY)
    units = sellable_units_get([(pk, None) for pk in limits])
    found = {}
    for product in products:
        row, unit = limits[product.pk], units.get((product.pk, None))
        recent = prices_between(entries[product.pk], now - _DAY, now + _DAY)
        found[product.pk] = PricedProduct(
            product.pk, product.sku, product.currency, row.cost_minor, (*recent, product.price_minor),
            unit.available if unit else 0,
            PriceLimits(
                floor=row.floor_minor, cap=row.cap_minor, step=float(settings.MESHOP.pricing_daily_step),
                frozen=frozen or row.frozen,
            ),
        )  # fmt: skip
    return found


def price_entries(*, product_ids: list[int], since: datetime) -> dict[int, list[Entry]]:
    """The prices that products had since then, with the one in force at that moment, the oldest first."""
    rows = PriceHistory.objects.filter(product_id__in=product_ids, variant__isnull=True)
    before = (
        rows.filter(created_at__lte=since)
        .order_by("product_id", "-created_at", "-id")
        .distinct("product_id")
        .values_list("product_id", "created_at", "price_minor")
    )
    after = rows.filter(created_at__gt=since).order_by("created_at", "id")
    found: dict[int, list[Entry]] = defaultdict(list)
    for product_id, at, price in before:
        found[product_id].append((at, price))
    limit = _ENTRIES * max(len(product_ids), 1)
    for product_id, at, price in after.values_list("product_id", "created_at", "price_minor")[:limit]:
        found[product_id].append((at, price))
    return found
