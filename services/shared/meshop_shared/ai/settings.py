"""Settings that every AI service has."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from meshop_shared.settings import ServiceSettings

#: ``MODEL_VERSION`` that means: whichever was promoted last.
LATEST = "latest"


class AiSettings(ServiceSettings):
    """Environment of one AI service; the table in docs/ai.md is checked against this class."""

    model_config = SettingsConfigDict(env_ignore_empty=True, protected_namespaces=())

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8100, ge=0, le=65535, description="Port to listen on.")
    ai_database_url: SecretStr = Field(
        description="PostgreSQL of the AI services, as `postgres://user:password@host:port/name`."
    )
    model_store: str = Field(
        description="Folder of the artefacts, as `file:///path` or any other address that fsspec knows."
    )
    model_version: str = Field(
        LATEST, description="Version to serve; `latest` is the one that was promoted last."
    )
    model_poll_s: float = Field(
        5.0, gt=0, description="Seconds between looks at the registry for another version."
    )
    decision_log: Literal["on", "off"] = Field("on", description="`off` writes no answer down.")
    drain_delay_s: float = Field(
        0, ge=0, description="Seconds between turning readiness off and accepting no more connections."
    )
