"""Keeping what the admin shows of models like the registry."""

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.features.models import ModelVersion
from meshop_shared.ai.registry import Registry

_FIELDS = ("digest", "metrics", "trained_at", "promoted_at")


@transaction.atomic
def model_versions_mirror() -> int:
    """Copy the rows of the registry and forget those that are gone; how many there are.

    Does nothing where there is no AI PostgreSQL, and raises ``psycopg.Error`` when it cannot be reached.
    """
    url = settings.MESHOP.ai_database_url
    if url is None:
        return 0
    registry = Registry(url.get_secret_value())
    registry.prepare()
    rows = [
        ModelVersion(
            name=row.name,
            version=row.version,
            digest=row.digest,
            metrics=dict(row.metrics),
            trained_at=row.created_at,
            promoted_at=row.promoted_at,
        )
        for row in registry.all()
    ]
    ModelVersion.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name", "version"], update_fields=_FIELDS
    )
    there = Q(pk__in=[])
    for row in rows:
        there |= Q(name=row.name, version=row.version)
    ModelVersion.objects.exclude(there).delete()
    return len(rows)
