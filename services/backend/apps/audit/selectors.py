"""Reading the audit."""

from datetime import datetime

from django.db.models import QuerySet

from apps.audit.models import AuditEntry


def audit_list(
    *,
    actor_id: int | None = None,
    action: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """Entries by whoever did what to what and when, ``until`` excluded; what is not given does not narrow."""
    wanted = {
        "actor_id": actor_id,
        "action": action,
        "target": target,
        "at__gte": since,
        "at__lt": until,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return AuditEntry.objects.filter(sequence__isnull=False, **given)
