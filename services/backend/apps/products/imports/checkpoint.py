"""Where an interrupted import goes on. Saved in the transaction of each batch, so it is never ahead or behind."""

import hashlib
import json
from typing import Any

from django.utils import timezone

from apps.products.imports.report import ImportReport
from apps.products.imports.source import Source
from apps.products.models import CatalogImport


def checkpoint_open(*, source: Source, options: dict[str, Any], resume: bool) -> tuple[CatalogImport, bool]:
    """Return the checkpoint of this file under these options, and whether an earlier run was interrupted.

    It stands at the beginning unless that is so and ``resume`` is wanted.
    """
    key = json.dumps([source.digest(), source.format, options], sort_keys=True)
    fingerprint = hashlib.sha256(key.encode()).hexdigest()
    checkpoint, new = CatalogImport.objects.get_or_create(
        fingerprint=fingerprint,
        defaults={"source": source.path.name[:255], "format": source.format, "options": options},
    )
    checkpoint.refresh_from_db()
    interrupted = not new and checkpoint.status == CatalogImport.Status.RUNNING
    if not (interrupted and resume):
        checkpoint_reset(checkpoint)
    return checkpoint, interrupted


def checkpoint_reset(checkpoint: CatalogImport) -> None:
    """Stand at the beginning again."""
    checkpoint.status = CatalogImport.Status.RUNNING
    checkpoint.line, checkpoint.rejects_bytes, checkpoint.counters = 0, 0, {}
    _save(checkpoint)


def checkpoint_advance(
    checkpoint: CatalogImport, *, line: int, rejects_bytes: int, report: ImportReport
) -> None:
    """Note that the first ``line`` data lines are dealt with. Call inside the batch's transaction."""
    checkpoint.line, checkpoint.rejects_bytes = line, rejects_bytes
    checkpoint.counters = report.counters()
    _save(checkpoint)


def checkpoint_finish(checkpoint: CatalogImport) -> None:
    """Note that the whole file is in."""
    checkpoint.status = CatalogImport.Status.FINISHED
    _save(checkpoint)


def _save(checkpoint: CatalogImport) -> None:
    checkpoint.updated_at = timezone.now()
    checkpoint.save()
