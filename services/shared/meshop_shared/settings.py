"""Base for the settings of FastAPI services: environment only, validated at start, readable when wrong."""

import sys
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
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
