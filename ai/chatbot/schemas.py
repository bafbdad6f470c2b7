"""Questions and answers of the chat."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from meshop_shared.ai.answer import Answer

MAX_MESSAGE = 2_000
SourceKind = Literal["product", "order", "cart", "policy", "ticket", "return"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_MESSAGE, pattern=r"^[^\x00]*$")]


class ChatQuestion(BaseModel):
    """Something said, or the id of a proposed action that is confirmed."""

    model_config = ConfigDict(extra="ignore")

    message: Text | None = None
    conversation_id: UUID | None = None
    confirm: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None = (
        None
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.message is None) == (self.confirm is None):
            raise ValueError("Say something, or confirm an action.")
        if self.confirm is not None and self.conversation_id is None:
            raise ValueError("Say which conversation proposed the action.")
        return self


class Citation(BaseModel):
    """Where a sentence of the reply comes from; ``marker`` stands in the reply as ``[1]``."""

    marker: int = Field(ge=1)
    kind: SourceKind
    title: str
    url: str = Field(description="Path of the API that says it.")


class Step(BaseModel):
    """One call that an action will make."""

    tool: str
    arguments: dict[str, Any]


class Action(BaseModel):
    """A change that waits for the caller's confirmation: exactly these calls, once, until it expires."""

    id: str
    summary: str
    steps: list[Step]
    expires_at: datetime


class ChatAnswer(Answer):
    """An answer of the assistant."""

    conversation_id: UUID
    reply: str
    citations: list[Citation]
    proposed_action: Action | None
