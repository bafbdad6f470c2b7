"""Asking for reports. Apart from making them, so that whoever serves requests carries none of what that takes."""

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.analytics.models import SalesReport
from apps.core.events import event_emit


@transaction.atomic
def report_request(
    *, actor: AbstractBaseUser, kind: str, start: date, end: date, currency: str, formats: list[str]
) -> SalesReport:
    """Note what is wanted; a worker hears of it by an event, or finds it within seconds."""
    report = SalesReport.objects.create(
        kind=kind,
        start=start,
        end=end,
        currency=currency,
        formats=sorted(set(formats)),
        requested_by_id=actor.pk,
        created_at=timezone.now(),
    )
    event_emit(type="report.requested", aggregate=f"report:{report.pk}", payload={"report_id": report.pk})
    return report
