"""Where the route table comes from: a JSON or TOML file, or the built-in table; read again when the file changes."""

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meshop_gateway.routes import TableSpec
from meshop_gateway.settings import GatewaySettings

BACKEND = "backend"
#: The AI service that clients talk to by the shop's own path; without it the backend answers.
CHATBOT = "chatbot"
_PUBLIC = {"per": "client", "requests": 6000, "seconds": 60, "bucket": "public"}
_PER_USER = {"per": "user", "requests": 3000, "seconds": 60, "bucket": "user"}
#: A crowd at a sale waits for half a second, and as long again for its turn, before anybody is turned away.
_BUSY_SHOP = {"concurrency_min": 32, "latency_target_s": 0.5, "queue_s": 1.0}


class TableInvalid(ValueError):
    """The route table cannot be used; the message says where and why."""


class RouteSource:
    """Loads the table, and knows when to load it again. A table that is not valid never replaces one that is."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._seen: tuple[int, int] | None = None

    def load(self) -> TableSpec:
        """The table as it is now. Raises :class:`TableInvalid`."""
        self._seen = self._stamp()
        if self._settings.routes_file is None:
            return table_from(default_table(self._settings))
        return table_from(_with_known_upstreams(_read(self._settings.routes_file), self._settings))

    def changed(self) -> bool:
        """Whether the file is another one than at the last :meth:`load` (a missing file is not)."""
        stamp = self._stamp()
        return stamp is not None and stamp != self._seen

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._settings.routes_file.stat() if self._settings.routes_file else None
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_ino) if status else None


def table_from(document: dict[str, Any]) -> TableSpec:
    """Validate. Raises :class:`TableInvalid` with one sentence per problem."""
    try:
        return TableSpec.model_validate(document)
    except ValidationError as error:
        sentences = (
            f"{'.'.join(map(str, item['loc'])) or 'table'}: {item['msg']}" for item in error.errors()
        )
        raise TableInvalid("; ".join(sentences)) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise TableInvalid(f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise TableInvalid(f"{file}: the table is not an object")
    return document


def _with_known_upstreams(document: dict[str, Any], settings: GatewaySettings) -> dict[str, Any]:
    """Upstreams that settings give an address need none in the file: ``backend`` and the AI services."""
    named = document.get("upstreams", {})
    if not isinstance(named, dict) or not all(isinstance(spec, dict) for spec in named.values()):
        return document
    known = _known_upstreams(settings)
    merged = {name: {**known.get(name, {}), **spec} for name, spec in named.items()}
    return {**document, "upstreams": {**known, **merged}}


def _known_upstreams(settings: GatewaySettings) -> dict[str, dict[str, Any]]:
    backend = {"url": settings.backend_url, "openapi": "/api/schema/?format=json"}
    services = {name: {"url": url, "openapi": "/openapi.json"} for name, url in settings.ai_urls.items()}
    return {BACKEND: backend, **services}


def default_table(settings: GatewaySettings) -> dict[str, Any]:
    """The table of a Meshop shop: the backend's public paths, and ``/ai/<service>/`` for each AI service."""
    return {
        "upstreams": _known_upstreams(settings),
        "routes": [*_backend_routes(settings), *_ai_routes(settings)],
    }


def _backend_routes(settings: GatewaySettings) -> list[dict[str, Any]]:
    def route(name: str, prefix: str, **more: Any) -> dict[str, Any]:
        limits = [_PUBLIC, _PER_USER]
        return {"name": name, "prefix": prefix, "upstream": BACKEND, "limits": limits, **_BUSY_SHOP, **more}

    chat: dict[str, Any] = {"timeout_s": 60, "stream": True, "websocket": True, "latency_target_s": 2}
    if CHATBOT in settings.ai_urls:
        chat |= {"upstream": CHATBOT, "fallback": BACKEND}
    read_only = {"methods": ["GET", "HEAD", "OPTIONS"], "auth": {"mode": "none"}}
    cache = {"stamps": ["catalogue", "stock"], "ignored_cookies": ["cart_token"]}
    return [
        route("auth", "/api/auth/", body_limit=65_536),
        # A product image may be 5 MB; the backend sets that limit.
        route("products", "/api/products/", cache=cache, body_limit=12_000_000),
        route("payments", "/api/payments/"),
        route("chat", "/api/chat/", body_limit=65_536, **chat),
        route("analytics", "/api/analytics/", timeout_s=60, latency_target_s=2),
        route("api", "/api/"),
        route("admin", "/admin/", body_limit=12_000_000),
        route("static", "/static/", stream=True, **read_only),
        route("media", "/media/", stream=True, **read_only),
    ]


def _ai_routes(settings: GatewaySettings) -> list[dict[str, Any]]:
    return [
        {
            "name": f"ai-{name}",
            "prefix": f"/ai/{name}/",
            "upstream": name,
            "strip_prefix": True,
            "auth": {"mode": "required"},
            "check_revoked": True,
            "limits": [_PUBLIC, _PER_USER],
            "body_limit": 12_000_000,
            "timeout_s": 10,
            "latency_target_s": 1,
        }
        for name in settings.ai_urls
    ]
