"""Base for the settings of FastAPI services: environment only, validated at start, readable when wrong."""

import sys
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings every service has. Subclasses add their own fields, each with a description."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least important level that is logged."
    )
    shutdown_grace_s: float = Field(
        10.0, ge=0, description="Seconds that running requests get to finish after SIGTERM."
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9._\-\[\]:]+(/[A-Za-z0-9._/\-]*)?$",
        description="Where traces go by OTLP over HTTP, as `http://collector:4318`; without it, none are recorded.",
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None, description="Header fields for that place, as `authorization=Bearer x,tenant=y`."
    )
    otel_traces_sampler_arg: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of requests that are traced. The gateway decides; the others follow it.",
    )

    @field_validator("otel_exporter_otlp_endpoint", "otel_exporter_otlp_headers", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("otel_exporter_otlp_headers")
    @classmethod
    def _header_fields(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("=" in part for part in value.get_secret_value().split(",")):
            raise ValueError("write name=value, separated by commas")
        return value

    @property
    def otel_headers(self) -> dict[str, str]:
        """The header fields for the receiver of traces."""
        if self.otel_exporter_otlp_headers is None:
            return {}
        pairs = (
            part.partition("=") for part in self.otel_exporter_otlp_headers.get_secret_value().split(",")
        )
        return {name.strip().lower(): value.strip() for name, _, value in pairs}


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load_settings(cls: type[SettingsT]) -> SettingsT:
    """Read ``cls`` from the environment; on a bad or missing value print one sentence each and exit with 2."""
    try:
        return cls()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"setting {name}: {problem['msg']}", file=sys.stderr)
        raise SystemExit(2) from error
