"""Settings of the assistant, beside those of every AI service."""

from typing import Literal

from pydantic import Field, SecretStr

from meshop_shared.ai.settings import AiSettings


class ChatbotSettings(AiSettings):
    """Environment of one replica; the table in docs/ai-chatbot.md is checked against this class."""

    gateway_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[A-Za-z0-9._\-\[\]:]+$",
        description="The front door: every tool goes through it with the caller's own token.",
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Redis, where conversations and open actions live."
    )
    jwks_url: str = Field(
        "",
        description="Public keys of access tokens; default: `/api/auth/.well-known/jwks.json` of the gateway.",
    )
    jwt_issuer: str = Field("meshop", description="`iss` of access tokens.")
    jwt_audience: str = Field("meshop", description="`aud` of access tokens.")
    conversation_ttl_s: int = Field(
        3600, ge=60, description="Seconds after its last message in which a conversation is remembered."
    )
    confirm_ttl_s: int = Field(300, ge=10, description="Seconds in which a proposed action can be confirmed.")
    tool_timeout_s: float = Field(3.0, gt=0, description="Deadline of one call of a tool.")
    answer_timeout_s: float = Field(
        8.0, gt=0, description="Deadline of a whole answer; after it the shop's fallback answers."
    )
    llm_url: str = Field(
        "",
        description="Base address of an OpenAI-compatible service, as `https://host/v1`; without it, none is used.",
    )
    llm_model: str = Field("", description="Name of the model there.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key of that service.")
    llm_use: Literal["unsure", "always"] = Field(
        "unsure",
        description="`always` asks the LLM about every message, not only what the classifier is unsure of.",
    )
    llm_timeout_s: float = Field(5.0, gt=0, description="Deadline of all calls to the LLM for one message.")
    llm_max_steps: int = Field(3, ge=1, le=10, description="Calls to the LLM for one message, at most.")
    llm_max_tokens: int = Field(
        4000, ge=100, description="Tokens, asked and answered, that one message may cost at most."
    )
