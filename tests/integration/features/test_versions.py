"""The admin's list of models follows the registry."""

import pytest

from apps.features.models import ModelVersion
from apps.features.versions import model_versions_mirror
from meshop_shared.ai.registry import RegisteredModel, Registry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def registry(store, settings):
    made = Registry(settings.MESHOP.ai_database_url.get_secret_value())
    made.prepare()
    return made


def register(registry, version, name="pricing"):
    registry.register(
        RegisteredModel(
            name=name, version=version, digest=f"{len(version):064x}", artefact="file:///x", data_digest="", seed=1,
            metrics={"margin": 0.5}, card="",
        )
    )  # fmt: skip


def shown():
    return {(row.name, row.version, row.promoted_at is not None) for row in ModelVersion.objects.all()}


def test_versions_promotions_and_removals_are_followed(registry):
    register(registry, "1")
    register(registry, "22")
    register(registry, "1", name="fraud")
    assert model_versions_mirror() == 3
    assert shown() == {("pricing", "1", False), ("pricing", "22", False), ("fraud", "1", False)}

    registry.promote(name="pricing", version="22")
    with registry._connection() as connection:
        connection.execute("DELETE FROM ai_model WHERE name = 'fraud'")
    assert model_versions_mirror() == 2
    assert shown() == {("pricing", "1", False), ("pricing", "22", True)}
    assert ModelVersion.objects.get(version="22").metrics == {"margin": 0.5}


def test_without_an_ai_database_nothing_happens(settings, db):
    settings.MESHOP = settings.MESHOP.model_copy(update={"ai_database_url": None})
    assert model_versions_mirror() == 0
