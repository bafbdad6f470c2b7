"""Every setting of the gateway, read once from the environment and validated. Nothing else reads ``os.environ``."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from meshop_shared.settings import ServiceSettings

Network = IPv4Network | IPv6Network
CommaList = Annotated[list[str], NoDecode]
Networks = Annotated[list[Network], NoDecode]
NamedUrls = Annotated[dict[str, str], NoDecode]
_URL = r"^https?://[A-Za-z0-9._\-\[\]:]+$"


class GatewaySettings(ServiceSettings):
    """Environment of one gateway replica; the table in docs/gateway.md is checked against this class."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Worker processes that share the port.")

    backend_url: str = Field(
        "http://127.0.0.1:8001", pattern=_URL, description="Where the backend listens, without a path."
    )
    ai_urls: NamedUrls = Field(
        {}, description="AI services, as `recommendations=http://host:port,chatbot=http://host:port`."
    )
    redis_url: str | None = Field(
        None,
        description="Redis for limits, revoked sessions and cache purging; without it each replica limits alone.",
    )
    routes_file: Path | None = Field(
        None,
        description="Route table (JSON or TOML), reloaded when it changes; without it the built-in table serves.",
    )
    trusted_proxies: Networks = Field(
        [], description="Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, by comma."
    )
    admin_networks: Networks = Field(
        [ip_network("127.0.0.0/8"), ip_network("::1/128")],
        description="Networks of clients that may read `/metrics` and `/gateway/status`; others get 404.",
    )
    allowed_hosts: CommaList = Field(
        ["*"], description="Host names served, by comma; `*` leaves the choice to the upstreams."
    )

    rate_limit: Literal["on", "off"] = Field(
        "on", description="`off` lifts all request limits, for load tests."
    )
    access_log: Literal["on", "off"] = Field("on", description="`off` writes no line per request.")

    jwt_issuer: str = Field("meshop", description="`iss` of access tokens.")
    jwt_audience: str = Field("meshop", description="`aud` of access tokens.")
    jwks_url: str | None = Field(
        None,
        description="Public keys of access tokens; default: `/api/auth/.well-known/jwks.json` of the backend.",
    )
    jwks_ttl_s: float = Field(300, ge=1, description="Seconds after which the keys are fetched again.")
    jwt_leeway_s: int = Field(5, ge=0, le=300, description="Clock skew that is forgiven, seconds.")

    head_bytes: int = Field(32_768, ge=1024, description="Largest request line plus headers.")
    head_count: int = Field(100, ge=10, description="Most request headers.")
    head_timeout_s: float = Field(10, gt=0, description="Seconds a client has to send a request's head.")
    body_stall_s: float = Field(
        10, gt=0, description="Seconds without a byte after which an upload is given up."
    )
    send_stall_s: float = Field(30, gt=0, description="Seconds a client may leave an answer unread.")
    idle_timeout_s: float = Field(75, gt=0, description="Seconds an unused client connection is kept.")
    max_connections: int = Field(
        10_000, ge=1, description="Client connections per worker; more are closed at once."
    )

    cache_bytes: int = Field(
        64_000_000, ge=0, description="Memory per worker for cached answers; 0 caches nothing."
    )
    traces_per_s: float = Field(
        50,
        gt=0,
        description="Most traces that begin in a second, by worker; `OTEL_TRACES_SAMPLER_ARG` chooses among the rest.",
    )
    drain_delay_s: float = Field(
        0, ge=0, description="Seconds between turning readiness off and accepting no more connections."
    )
    prometheus_multiproc_dir: Path | None = Field(
        None,
        description="Folder where workers share their metrics; a temporary one when there are several workers.",
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: str | list[str]) -> list[str]:
        return [host.lower() for host in _split(value)] if isinstance(value, str) else value

    @field_validator("trusted_proxies", "admin_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: str | list[Network]) -> list[str] | list[Network]:
        return _split(value) if isinstance(value, str) else value

    @field_validator("ai_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: str | dict[str, str]) -> dict[str, str]:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in _split(value)]
        if not all(name and url for name, _, url in pairs):
            raise ValueError("write name=url, separated by commas")
        return {name: url for name, _, url in pairs}

    @property
    def keys_url(self) -> str:
        """Where the public keys are."""
        return self.jwks_url or f"{self.backend_url}/api/auth/.well-known/jwks.json"


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
