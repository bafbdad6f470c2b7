"""Keeping the feature tables of the AI PostgreSQL like the shop, and training on them."""

import subprocess
import sys
from functools import cache

import structlog
from django.conf import settings

from apps.features.mirrors import MIRRORS
from meshop_shared.ai.features import FeatureStore, FeatureTable

log = structlog.get_logger(__name__)

_TRAINING_S = 3_600


def features_mirror(*, table: FeatureTable, of: list[int]) -> None:
    """Write the rows of these orders or products once more; does nothing where there is no AI PostgreSQL.

    Raises ``psycopg.Error`` when it cannot be reached.
    """
    if store := feature_store():
        store.put(table, MIRRORS[table.name].rows(of=of))


def features_backfill(*, table: FeatureTable) -> int:
    """Write all rows of the shop's history and return their number. Again, or beside events, it changes nothing.

    Does nothing where there is no AI PostgreSQL, and raises ``psycopg.Error`` when it cannot be reached.
    """
    store = feature_store()
    return store.put(table, MIRRORS[table.name].all_rows()) if store else 0


def feature_store() -> FeatureStore | None:
    """The tables, made when they are missing; None where there is no AI PostgreSQL."""
    url = settings.MESHOP.ai_database_url
    return _prepared(url.get_secret_value()) if url else None


@cache
def _prepared(url: str) -> FeatureStore:
    store = FeatureStore(url)
    store.prepare()
    return store


def models_train() -> None:
    """Fill the tables and train every model of ``AI_TRAININGS``, each in a process of its own.

    What a training says is in its output; one that fails or is refused leaves the model of the day before in service.
    """
    names = settings.MESHOP.ai_trainings
    if not names:
        return
    for mirror in MIRRORS.values():
        features_backfill(table=mirror.table)
    for name in names:
        status = subprocess.run(
            [sys.executable, "-m", f"{name}.train"], timeout=_TRAINING_S, check=False
        ).returncode
        log.info("model trained", model=name, status=status)
