"""Keeping the last forecasts."""

from collections.abc import Iterator, Sequence
from itertools import islice

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core.ai_client import AiUnavailable
from apps.forecasting.answers import MOST_WEEKS, Answer, Item, forecasts_ask
from apps.forecasting.models import DemandForecast
from apps.forecasting.selectors import (
    WEEKS_KNOWN,
    articles_sold,
    categories_sold,
    today_begins,
    weekly_units,
)

log = structlog.get_logger(__name__)

_BATCH = 200
#: Nobody waits for a refresh.
_DEADLINE_S = 10.0
_COLUMNS = ("weeks", "needs", "levels", "most_needed", "source", "method", "reasons", "model", "made_at")


def forecasts_refresh() -> int:
    """Ask the service for every article and category that was sold, and keep what it says; how many that were.

    Does nothing when today's round was made with the model that answers now. A service that does not answer, or has
    no model, leaves the forecasts as they are. Each batch is kept by itself, so a crash loses nothing that was there;
    forecasts of what is not sold any more go at the end of a whole round, and a round that was cut off is made again.
    """
    began, kept = timezone.now(), 0
    try:
        if _is_done():
            return 0
        for kind, keys in (
            (DemandForecast.Kind.CATEGORY, categories_sold().order_by("id").values_list("slug", flat=True)),
            (DemandForecast.Kind.ARTICLE, articles_sold().order_by("id").values_list("sku", flat=True)),
        ):
            for batch in _batches(keys.iterator(chunk_size=_BATCH)):
                said = _ask(kind, batch)
                if said.last_day is None:
                    return kept
                _keep(kind, [item for item in said.items.values() if item.source == "model"])
                kept += len(batch)
    except AiUnavailable:
        log.warning("forecasts not refreshed", kept=kept)
        return kept
    DemandForecast.objects.filter(made_at__lt=began).delete()
    return kept


def _is_done() -> bool:
    """Whether the row that a round writes first and the one it writes last are of today and of the current model."""
    rows = DemandForecast.objects.order_by("made_at", "id")
    oldest, newest = rows.first(), rows.last()
    if oldest is None or newest is None or oldest.made_at < today_begins():
        return False
    said = _ask(DemandForecast.Kind(newest.kind), [newest.key])
    return said.model == newest.model == oldest.model


def _ask(kind: DemandForecast.Kind, keys: Sequence[str]) -> Answer:
    recent = weekly_units(kind=kind, keys=keys, weeks=WEEKS_KNOWN)
    return forecasts_ask(
        kind=kind, recent={key: recent.get(key, []) for key in keys}, weeks=MOST_WEEKS, needs=True,
        deadline_s=_DEADLINE_S,
    )  # fmt: skip


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
