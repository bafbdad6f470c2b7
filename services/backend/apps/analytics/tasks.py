"""Entry points of the worker."""

from celery import shared_task

from apps.analytics.services.articles import articles_refresh
from apps.analytics.services.contributions import orders_catch_up
from apps.analytics.services.pruning import reports_prune
from apps.analytics.services.reports import reports_make_due
from apps.analytics.services.segments import segments_refresh


@shared_task
def sweep() -> int:
    """Count orders whose marks a crash has left."""
    return orders_catch_up()


@shared_task
def follow_catalogue() -> int:
    """Follow what articles have moved without our having heard of it."""
    return articles_refresh()


@shared_task
def make_due_reports() -> int:
    """Make reports that nobody is at work on."""
    return reports_make_due()


@shared_task
def refresh_segments() -> int:
    """Segment the customers anew."""
    return segments_refresh()


@shared_task
def prune() -> int:
    """Forget old reports."""
    return reports_prune()
