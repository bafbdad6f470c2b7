"""The model that a service answers with: loaded, verified, and replaced while requests run."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from prometheus_client import Counter, Gauge

from meshop_shared.ai.answer import ModelRef
from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import artefact_get

ModelT = TypeVar("ModelT")
log = structlog.get_logger(__name__)

LOADS = Counter("meshop_ai_model_loads_total", "Attempts to load a model.", ["service", "outcome"])
LOADED = Gauge("meshop_ai_model_loaded", "1 for the version that answers.", ["service", "version"])
CREATED = Gauge(
    "meshop_ai_model_created_timestamp_seconds", "When the model that answers was trained.", ["service"]
)


@dataclass(frozen=True)
class Loaded(Generic[ModelT]):
    """A model and its name for answers. A request takes one and keeps it to its end."""

    model: ModelT
    ref: ModelRef


class Models(Generic[ModelT]):
    """Looks at the registry every ``poll_s`` and swaps the model when another version is meant.

    A version that cannot be read or does not match its digest is refused: the last good one goes on answering, and
    the bad one is tried again at the next look. Without any, ``current`` is None and the service's baseline answers.
    """

    def __init__(
        self, *, name: str, version: str, registry: Registry, loads: Callable[[bytes], ModelT], poll_s: float
    ) -> None:
        self.name, self._version, self._registry, self._loads = name, version, registry, loads
        self._poll_s = poll_s
        self.current: Loaded[ModelT] | None = None
        #: Whether the registry was looked at, with or without success.
        self.looked = asyncio.Event()

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._poll_s)

    async def look(self) -> bool:
        """Load what the registry means now; True when that changed the model. Never raises."""
        try:
            loaded = await asyncio.to_thread(self._load)
        except (
            Exception
        ) as error:  # a database or store that is down, or bytes that are no model: keep serving
            log.warning("model not loaded", model=self.name, error=f"{type(error).__name__}: {error}")
            LOADS.labels(self.name, "failed").inc()
            return False
        finally:
            self.looked.set()
        if loaded is None:
            return False
        if self.current is not None:
            LOADED.remove(self.name, self.current.ref.version)  # or versions would gather for ever
        self.current = loaded
        LOADED.labels(self.name, loaded.ref.version).set(1)
        LOADS.labels(self.name, "loaded").inc()
        log.info("model loaded", model=self.name, version=loaded.ref.version, digest=loaded.ref.digest)
        return True

    def _load(self) -> Loaded[ModelT] | None:
        row = self._registry.find(name=self.name, version=self._version)
        if row is None or (self.current is not None and self.current.ref == _ref(row)):
            return None
        loaded = Loaded(self._loads(artefact_get(address=row.artefact, digest=row.digest)), _ref(row))
        if row.created_at is not None:
            CREATED.labels(self.name).set(row.created_at.timestamp())
        return loaded


def _ref(row: RegisteredModel) -> ModelRef:
    return ModelRef(name=row.name, version=row.version, digest=row.digest)
