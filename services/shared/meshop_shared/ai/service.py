"""``create_app``: everything of an AI service but what it knows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

import structlog
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict

from meshop_shared.ai.answer import ModelRef
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models, ModelT
from meshop_shared.ai.registry import Registry
from meshop_shared.ai.settings import AiSettings
from meshop_shared.errors import ServiceUnavailable, envelope
from meshop_shared.web import create_app as web_app

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AiService(Generic[ModelT]):
    """What differs between services: a name, how an artefact is read, and the routes over the current model."""

    name: str
    loads: Callable[[bytes], ModelT]
    routes: Callable[[Models[ModelT], DecisionLog], APIRouter]
    #: Gives back what the routes hold (connections), once no request runs any more.
    close: Callable[[], Awaitable[None]] | None = None


class ModelStatus(BaseModel):
    """Which model answers now."""

    model_config = ConfigDict(protected_namespaces=())

    service: str
    model: ModelRef | None


def create_app(service: AiService[ModelT], settings: AiSettings) -> FastAPI:
    """Build the app: probes, metrics, errors, hot reload, decision log and ``GET /v1/model``.

    Ready once the registry was looked at; a service without a model, or whose database is down, answers with its
    baseline and is ready all the same.
    """
    registry = Registry(settings.ai_database_url.get_secret_value())
    models = Models(
        name=service.name, version=settings.model_version, registry=registry, loads=service.loads,
        poll_s=settings.model_poll_s,
    )  # fmt: skip
    decisions = DecisionLog(
        service=service.name, registry=registry if settings.decision_log == "on" else None
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.models = models
        try:
            await asyncio.to_thread(registry.prepare)
        except Exception as error:  # it may come back; until then there is no model and no log
            log.warning("AI database not prepared", error=type(error).__name__)
        tasks = [asyncio.create_task(models.watch()), asyncio.create_task(decisions.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await decisions.flush()
            if service.close is not None:
                await service.close()

    async def looked() -> None:
        if not models.looked.is_set():
            raise ServiceUnavailable("The model registry was not looked at yet.")

    app = web_app(service=service.name, lifespan=lifespan, ready_checks={"models": looked})

    @app.get("/v1/model")
    async def model() -> ModelStatus:
        """Which model answers now."""
        return ModelStatus(service=service.name, model=models.current.ref if models.current else None)

    app.include_router(service.routes(models, decisions), prefix="/v1")
    _document_errors(app)
    return app


def _document_errors(app: FastAPI) -> None:
    """Say in the OpenAPI document that every refusal is the common envelope; FastAPI would promise its own 422."""
    make = app.openapi
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    errors = {
        "4XX": {"description": "The request was refused.", "content": answer},
        "5XX": {"description": "The service failed.", "content": answer},
    }

    def document() -> dict[str, Any]:
        made = make()
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Error"] = {
            "type": "object",
            "required": list(envelope(code="", message="")),
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "extra": {"type": "object", "additionalProperties": True},
                "request_id": {"type": "string"},
            },
        }
        for operations in made["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"].update(errors)
        return made

    app.openapi = document  # type: ignore[method-assign]
