"""Bringing synonyms to the engine."""

import structlog
from django.conf import settings
from django.db import transaction

from apps.search.errors import EngineRefused, EngineUnavailable
from apps.search.selectors import synonym_rules
from apps.search.stores import elastic_index

log = structlog.get_logger(__name__)


def synonyms_changed() -> None:
    """Bring the rules to Elasticsearch once they are committed; PostgreSQL reads them with each search anyway.

    When Elasticsearch is down, :func:`synonyms_reconcile` brings them later.
    """
    transaction.on_commit(synonyms_publish, robust=True)


def synonyms_publish() -> bool:
    """Replace the engine's set; searches use it from the moment this returns. Whether that worked."""
    if not settings.MESHOP.elasticsearch_url:
        return False
    try:
        elastic_index().synonyms_put(synonym_rules())
    except (EngineUnavailable, EngineRefused) as error:
        log.warning("synonyms not published", **error.extra)
        return False
    return True


def synonyms_reconcile() -> bool:
    """Bring the rules to the engine unless it has just these; whether it had to. Survives any outage, of any length."""
    if not settings.MESHOP.elasticsearch_url:
        return False
    try:
        index = elastic_index()
        if index.synonyms_get() == synonym_rules():
            return False
    except (EngineUnavailable, EngineRefused) as error:
        log.warning("synonyms not compared", **error.extra)
        return False
    return synonyms_publish()
