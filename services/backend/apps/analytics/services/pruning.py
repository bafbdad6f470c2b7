"""Forgetting old reports; they can be made again."""

from datetime import timedelta

from django.utils import timezone

from apps.analytics.models import SalesReport

REPORT_DAYS = 30
_BATCH = 20


def reports_prune() -> int:
    """Delete reports beyond their time with their files, a few at a time; return how many."""
    old = SalesReport.objects.filter(created_at__lt=timezone.now() - timedelta(days=REPORT_DAYS))
    total = 0
    while batch := list(old.order_by("created_at").values_list("pk", flat=True)[:_BATCH]):
        SalesReport.objects.filter(pk__in=batch).delete()
        total += len(batch)
    return total
