"""Proposing prices: by asking the service, or by staff. Nothing here changes a price."""

from dataclasses import dataclass, field
from typing import Any

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.pricing.errors import PriceLimitBroken, PriceLimitsMissing, PriceProposalExists, PricesFrozen
from apps.pricing.models import PriceLimit, PriceProposal
from apps.pricing.selectors import PricedProduct, freeze_get, priced_products, products_due
from meshop_shared.price_guards import price_violations

SERVICE = "dynamic_pricing"
#: Products that are asked about at once, and seconds that the service has for all of them.
MOST, DEADLINE_S = 100, 2.0
log = structlog.get_logger(__name__)
Status = PriceProposal.Status


@dataclass
class Asked:
    """What came of asking: proposals, and why there is none for the others."""

    source: str = "fallback"
    model: dict[str, Any] | None = None
    reasons: list[str] = field(default_factory=list)
    proposals: list[PriceProposal] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)


def proposals_request(*, product_ids: list[int] | None, actor: AbstractBaseUser | None) -> Asked:
    """Ask the service for prices of these products, or of those that are due; must not be called in a transaction.

    Without an answer there is no proposal, and prices stay as they are. Raises ``PricesFrozen``.
    """
    if freeze_get().frozen:
        raise PricesFrozen()
    wanted = products_due(limit=MOST) if product_ids is None else list(dict.fromkeys(product_ids))
    now = timezone.now()
    priced = priced_products(product_ids=wanted, now=now, frozen=False)
    asked = Asked()
    for product_id in wanted:
        if product_id not in priced:
            asked.skipped.append({"product_id": product_id, "reason": PriceLimitsMissing.message})
    if not priced:
        asked.reasons = ["No product with limits was to be priced."]
        return asked
    rows = list(priced.values())
    try:
        answer = ai_ask(SERVICE, "/v1/propose", _question(rows, seed=now.toordinal()), deadline_s=DEADLINE_S)
        items = {item["sku"]: item for item in answer["items"]}
        asked.source, asked.model = str(answer["source"]), answer["model"]
        found = [(row, items[row.sku], int(items[row.sku]["price"])) for row in rows if row.sku in items]
    except AiUnavailable:
        asked.reasons = ["The pricing service does not answer: prices stay as they are."]
        return asked
    except (KeyError, TypeError, ValueError):
        log.warning("answer of the pricing service makes no sense")
        asked.reasons = ["The pricing service's answer makes no sense: prices stay as they are."]
        return asked
    for row, item, price in found:
        _take(asked, row, item, price, actor)
    PriceLimit.objects.filter(product_id__in=list(priced)).update(proposed_at=now)
    asked.reasons = [f"{len(asked.proposals)} of {len(wanted)} products have a proposal."]
    return asked


@transaction.atomic
def proposal_make(*, product_id: int, price_minor: int, note: str, actor: AbstractBaseUser) -> PriceProposal:
    """Propose a price of one's own. It keeps the same limits as a program's.

    Raises ``PriceLimitsMissing``, ``PriceLimitBroken``, ``PriceProposalExists`` and ``PricesFrozen``.
    """
    if freeze_get().frozen:
        raise PricesFrozen()
    row = priced_products(product_ids=[product_id], now=timezone.now(), frozen=False).get(product_id)
    if row is None:
        raise PriceLimitsMissing()
    if broken := price_violations(price_minor, recent=row.recent, limits=row.limits):
        raise PriceLimitBroken(extra={"limits": broken})
    made = _create(
        row, price_minor, source="staff", model=None, reasons=[note or "Proposed by staff."], expected={}, hits=[],
        note=note, actor=actor,
    )  # fmt: skip
    if made is None:
        raise PriceProposalExists()
    return made


def _question(rows: list[PricedProduct], *, seed: int) -> dict[str, Any]:
    return {
        "seed": seed,
        "articles": [
            {
                "sku": row.sku, "recent": list(row.recent[-MOST:]), "cost": row.cost_minor, "stock": max(row.stock, 0),
                "floor": row.limits.floor, "cap": row.limits.cap, "step": row.limits.step,
                "ending": row.limits.ending[0], "ending_of": row.limits.ending[1], "frozen": row.limits.frozen,
            }
            for row in rows
        ],
    }  # fmt: skip


def _take(
    asked: Asked, row: PricedProduct, item: dict[str, Any], price: int, actor: AbstractBaseUser | None
) -> None:
    """Keep one answer, if it is another price and breaks no limit: the service is not trusted with that."""
    reasons = [str(reason) for reason in item.get("reasons", [])]
    if price == row.recent[-1]:
        asked.skipped.append(
            {"product_id": row.product_id, "reason": " ".join(reasons) or "The price is right."}
        )
        return
    if broken := price_violations(price, recent=row.recent, limits=row.limits):
        log.warning("proposed price breaks limits", product=row.product_id, limits=broken)
        text = f"The proposed price would break limits: {', '.join(broken)}."
        asked.skipped.append({"product_id": row.product_id, "reason": text})
        return
    names = ("units", "units_now", "margin", "margin_now", "elasticity", "elasticity_low", "elasticity_high")
    with transaction.atomic():
        made = _create(
            row, price, source=asked.source, model=asked.model, reasons=reasons,
            expected={name: item.get(name) for name in names}, hits=item.get("limits", []), note="", actor=actor,
        )  # fmt: skip
    if made is None:
        asked.skipped.append({"product_id": row.product_id, "reason": PriceProposalExists.message})
    else:
        asked.proposals.append(made)


def _create(
    row: PricedProduct, price: int, *, source: str, model: dict[str, Any] | None, reasons: list[str],
    expected: dict[str, Any], hits: list[str], note: str, actor: AbstractBaseUser | None,
) -> PriceProposal | None:  # fmt: skip
    """Insert, unless the product has a proposal; of two at once one is the first."""
    PriceProposal.objects.bulk_create(
        [
            PriceProposal(
                product_id=row.product_id, currency=row.currency, current_minor=row.recent[-1], proposed_minor=price,
                source=source, model=model, reasons=reasons, expected=expected, limits_hit=hits, note=note,
                proposed_by_id=actor.pk if actor else None, created_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    waiting = PriceProposal.objects.filter(
        product_id=row.product_id, status=Status.OPEN, proposed_minor=price
    )
    return waiting.filter(proposed_by_id=actor.pk if actor else None).first()
