"""A feature store in a database of its own."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from pydantic import SecretStr

from apps.features import services
from meshop_shared.ai.features import FeatureStore
from tests.support.ai import ai_database


@pytest.fixture
def store(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeatureStore]:
    """The tables, and the shop configured to fill them."""
    with ai_database() as url:
        changed = settings.MESHOP.model_copy(update={"ai_database_url": SecretStr(url)})
        monkeypatch.setattr(settings, "MESHOP", changed)
        made = FeatureStore(url)
        made.prepare()
        yield made
        services._prepared.cache_clear()
