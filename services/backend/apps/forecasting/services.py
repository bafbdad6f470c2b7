"""Keeping the last forecasts."""

from collections.abc import Iterator, Sequence
from itertools import islice

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core.ai_client import AiUnavailable
from apps.forecasting.answers import MOST_WEEKS, Item, forecasts_ask
from apps.forecasting.models import DemandForecast
from apps.forecasting.selectors import WEEKS_KNOWN, articles_sold, categories_sold, weekly_units

log = structlog.get_logger(__name__)

_BATCH = 200
_COLUMNS = ("weeks", "needs", "levels", "most_needed", "source", "method", "reasons", "model", "made_at")


def forecasts_refresh() -> int:
    """Ask the service for every article and category that was sold, and keep what it says; how many that were.

    A service that does not answer leaves the forecasts as they are. Each batch is kept by itself, so a crash loses
    nothing that was there; forecasts of what is not sold any more go at the end of a whole round.
    """
    began, kept = timezone.now(), 0
    articles = articles_sold().order_by("id").values_list("sku", flat=True).iterator(chunk_size=_BATCH)
    categories = categories_sold().order_by("id").values_list("slug", flat=True).iterator(chunk_size=_BATCH)
    for kind, keys in ((DemandForecast.Kind.ARTICLE, articles), (DemandForecast.Kind.CATEGORY, categories)):
        for batch in _batches(keys):
            recent = weekly_units(kind=kind, keys=batch, weeks=WEEKS_KNOWN)
            try:
                said = forecasts_ask(
                    kind=kind, recent={key: recent.get(key, []) for key in batch}, weeks=MOST_WEEKS
                )
            except AiUnavailable:
                log.warning("forecasts not refreshed", kind=kind, kept=kept)
                return kept
            _keep(kind, [item for item in said.items.values() if item.source == "model"])
            kept += len(batch)
    DemandForecast.objects.filter(made_at__lt=began).delete()
    return kept


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, _BATCH)):
        yield batch


@transaction.atomic
def _keep(kind: str, items: Sequence[Item]) -> None:
    """Write forecasts over those that were there."""
    now = timezone.now()
    DemandForecast.objects.bulk_create(
        [
            DemandForecast(
                kind=kind, key=item.key, weeks=item.weeks, needs=item.needs, levels=item.levels,
                most_needed=item.needs[-1][-1],
                source=item.source, method=item.method, reasons=item.reasons, model=item.model, made_at=now,
            )
            for item in sorted(items, key=lambda item: item.key)
        ],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=list(_COLUMNS),
    )  # fmt: skip
