"""The envelope of every AI answer: where it came from, which model gave it, and why."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

#: ``baseline`` is a service's answer without a model; callers add ``fallback`` for an answer without the service.
Source = Literal["model", "cache", "baseline"]


class ModelRef(BaseModel):
    """One trained model, exactly."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    name: str
    version: str
    digest: str = Field(description="SHA-256 of the artefact.")


class Answer(BaseModel):
    """Base of all answers. ``model`` is missing only from a baseline's."""

    model_config = ConfigDict(protected_namespaces=())

    source: Source
    model: ModelRef | None
    reasons: list[str] = Field(description="Sentences that a person understands.")
