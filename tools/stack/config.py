"""What a person may choose about a local stack."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.environment import BackendSettings
from tools.environment import OWNED
from tools.errors import ToolError
from tools.paths import STATE
from tools.servers.datastores import Flavour

DEFAULT_ADMIN = "admin@meshop.example"


@dataclass(frozen=True)
class StackConfig:
    """A stack is described anew by every ``make up``: what is not given has its default again."""

    folder: Path = STATE
    port: int = 8000
    pg_port: int | None = None
    redis_port: int | None = None
    backend_port: int | None = None
    #: Ports of the AI services by name.
    ai_ports: Mapping[str, int] = field(default_factory=dict)
    #: Ports where programs that answer no requests show their metrics, by program.
    metrics_ports: Mapping[str, int] = field(default_factory=dict)
    catalog: Path | None = None
    demo_products: int = 500
    admin_email: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    rate_limit: str = "on"
    servers: Flavour = "embedded"
    durable: bool = True
    #: Backend settings that the shell named.
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The front door."""
        return f"http://127.0.0.1:{self.port}"

    def to_json(self) -> dict[str, Any]:
        """What later commands need to find the stack again; the administrator's password is not kept."""
        return {**asdict(self), "folder": str(self.folder), "catalog": None, "admin_password": None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "StackConfig":
        """The inverse of :meth:`to_json`."""
        return cls(**{**values, "folder": Path(values["folder"])})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StackConfig":
        """Read the variables of ``make up``; stop with a sentence about the first that cannot be."""
        catalog = environment.get("CATALOG")
        if catalog and not Path(catalog).is_file():
            raise ToolError(f"CATALOG={catalog} is not a file.")
        rate_limit = environment.get("RATE_LIMIT") or "on"
        if rate_limit not in ("on", "off"):
            raise ToolError(f"RATE_LIMIT={rate_limit} is neither on nor off.")
        return cls(
            port=_port(environment, "PORT") or cls.port,
            pg_port=_port(environment, "PG_PORT"),
            redis_port=_port(environment, "REDIS_PORT"),
            catalog=Path(catalog).resolve() if catalog else None,
            admin_email=environment.get("ADMIN_EMAIL") or None,
            admin_password=environment.get("ADMIN_PASSWORD") or None,
            rate_limit=rate_limit,
            settings=chosen_settings(environment),
        )


def chosen_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Backend settings that the shell names (``make up SHOP_CURRENCY=EUR``), but for those that the stack owns."""
    names = {name.upper() for name in BackendSettings.model_fields} - OWNED
    return {name: environment[name] for name in sorted(names) if environment.get(name)}


def _port(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name) or ""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ToolError(f"{name}={text} is not a port between 1 and 65535.")
    return int(text)
