"""A running service takes another model, and only one that is what the registry says."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from meshop_shared.ai.models import Models
from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import ArtefactInvalid, artefact_get, artefact_put, digest_of


def publish(registry: Registry, store: Path, version: str, content: bytes) -> str:
    address = artefact_put(store=store.as_uri(), name="thing", version=version, content=content)
    registry.register(
        RegisteredModel(
            name="thing", version=version, digest=digest_of(content), artefact=address, data_digest="d", seed=1,
            metrics={}, card="",
        )
    )  # fmt: skip
    registry.promote(name="thing", version=version)
    return address


def models_of(registry: Registry, version: str = "latest") -> Models[str]:
    return Models(name="thing", version=version, registry=registry, loads=bytes.decode, poll_s=0.01)


def test_a_promotion_reaches_a_running_service(registry, store):
    async def scenario() -> None:
        models = models_of(registry)
        assert not await models.look()
        assert models.current is None
        await asyncio.to_thread(publish, registry, store, "1", b"one")
        assert await models.look()
        assert (models.current.model, models.current.ref.version) == ("one", "1")
        held = models.current
        await asyncio.to_thread(publish, registry, store, "2", b"two")
        assert await models.look()
        assert (models.current.model, held.model) == ("two", "one")
        assert not await models.look()
        await asyncio.to_thread(registry.promote, name="thing", version="1")
        assert await models.look()
        assert models.current.ref.version == "1"

    asyncio.run(scenario())


def test_a_pinned_version_stays(registry, store):
    async def scenario() -> None:
        publish(registry, store, "1", b"one")
        publish(registry, store, "2", b"two")
        models = models_of(registry, version="1")
        await models.look()
        assert models.current.model == "one"

    asyncio.run(scenario())


def test_altered_bytes_are_refused_and_the_last_good_model_stays(registry, store):
    async def scenario() -> None:
        models = models_of(registry)
        publish(registry, store, "1", b"one")
        await models.look()
        address = publish(registry, store, "2", b"two")
        Path(unquote(urlsplit(address).path)).write_bytes(b"evil")
        assert not await models.look()
        assert models.current.model == "one"
        with pytest.raises(ArtefactInvalid):
            artefact_get(address=address, digest=digest_of(b"two"))

    asyncio.run(scenario())


def test_a_lost_artefact_or_database_changes_nothing(registry, store):
    async def scenario() -> None:
        models = models_of(registry)
        publish(registry, store, "1", b"one")
        await models.look()
        address = publish(registry, store, "2", b"two")
        Path(unquote(urlsplit(address).path)).unlink()
        assert not await models.look()
        models._registry = Registry("postgres://nobody@127.0.0.1:1/nothing")
        assert not await models.look()
        assert models.current.model == "one"

    asyncio.run(scenario())


def test_a_service_is_ready_only_after_its_first_look(registry):
    async def scenario() -> None:
        models = models_of(registry)
        assert not models.looked.is_set()
        await models.look()
        assert models.looked.is_set()

    asyncio.run(scenario())
