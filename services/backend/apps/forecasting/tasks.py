"""Entry points of the worker."""

from celery import shared_task

from apps.forecasting.services import forecasts_refresh


@shared_task(soft_time_limit=900)
def refresh() -> int:
    """Keep what the forecasting service says now."""
    return forecasts_refresh()
