"""An index that the services of the app write to."""

import pytest

from apps.search.services import auditing, indexing
from tests.support.search import elastic_url, own_index


@pytest.fixture
def index(transactional_db, settings, monkeypatch):
    """Its generation ``test`` is active."""
    settings.MESHOP = settings.MESHOP.model_copy(update={"elasticsearch_url": elastic_url()})
    for found in own_index():
        monkeypatch.setattr(indexing, "elastic_index", lambda found=found: found)
        monkeypatch.setattr(auditing, "elastic_index", lambda found=found: found)
        yield found
