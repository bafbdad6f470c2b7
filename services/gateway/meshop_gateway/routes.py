"""The route table: what it may say, and how the route of a path is found, at a cost that its size does not change."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
RouteT = TypeVar("RouteT")
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
METHODS: tuple[Method, ...] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UpstreamSpec(_Strict):
    """A service behind the gateway."""

    url: str = Field(pattern=r"^https?://[A-Za-z0-9._\-\[\]:]+$")
    max_connections: int = Field(512, ge=1)
    connect_timeout_s: float = Field(1.0, gt=0)
    #: Failures in a row that open the breaker, and its rest before one probe may pass.
    breaker_failures: int = Field(5, ge=1)
    breaker_reset_s: float = Field(1.0, gt=0)
    #: As many requests as ``breaker_failures``, unanswered for this long with no answer to anybody, open it too.
    stall_s: float = Field(0.8, gt=0)
    #: Retries may be at most this share of the requests.
    retry_budget: float = Field(0.1, ge=0, le=1)
    #: Path of its OpenAPI document, merged into the gateway's.
    openapi: str | None = None


class LimitSpec(_Strict):
    """At most ``requests`` in ``seconds``, refilled evenly (GCRA); routes that name one ``bucket`` share it."""

    per: Literal["client", "user", "route"] = "client"
    requests: int = Field(ge=1)
    seconds: float = Field(60, gt=0)
    bucket: Name | None = None


class AuthSpec(_Strict):
    """Who may pass. ``identify`` only counts limits by user and leaves the decision to the upstream."""

    mode: Literal["none", "identify", "required"] = "identify"
    #: Any one of these roles is enough; empty means every signed-in user.
    roles: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _roles_need_a_user(self) -> Self:
        if self.roles and self.mode != "required":
            raise ValueError("roles need mode 'required'")
        return self


class CacheSpec(_Strict):
    """Anonymous GETs answered from memory until they expire or one of ``stamps`` changes in Redis."""

    ttl_s: float = Field(30, gt=0)
    #: Seconds after ``ttl_s`` in which the old answer is still served while one request fetches the new one.
    stale_s: float = Field(30, ge=0)
    stamps: tuple[Name, ...] = ()
    #: Cookies that do not change the answer. Requests with any other cookie are not cached.
    ignored_cookies: tuple[str, ...] = ()
    max_body: int = Field(512_000, ge=1)


class RouteSpec(_Strict):
    """One prefix and what holds below it."""

    name: Name
    #: Ends with a slash: everything below it. Without: exactly this path.
    prefix: str = Field(pattern=r"^/[A-Za-z0-9._~/\-]*$")
    upstream: Name
    #: Asked instead when ``upstream`` is refused by its breaker, fails, or owes the head of its answer for so long.
    #: It gets the same request, which ``upstream`` may have begun to serve.
    fallback: Name | None = None
    fallback_after_s: float = Field(10, gt=0)
    #: Send the path without the prefix.
    strip_prefix: bool = False
    methods: tuple[Method, ...] = METHODS
    auth: AuthSpec = AuthSpec()
    #: False for upstreams that check themselves whether a session was revoked.
    check_revoked: bool = False
    limits: tuple[LimitSpec, ...] = ()
    #: From the first byte of the request to the last of the answer.
    timeout_s: float = Field(30, gt=0)
    #: The answer may go on after ``timeout_s`` (downloads, server-sent events) while bytes keep coming.
    stream: bool = False
    idle_timeout_s: float = Field(30, gt=0)
    websocket: bool = False
    body_limit: int = Field(1_048_576, ge=0)
    #: Further attempts for safe requests and for those with an Idempotency-Key.
    retries: int = Field(1, ge=0, le=5)
    #: A second attempt for a safe request that has no answer after this long; 0 never.
    hedge_s: float = Field(0, ge=0)
    #: Bounds of the adaptive concurrency limit, and the latency it defends.
    concurrency_min: int = Field(4, ge=1)
    concurrency_max: int = Field(512, ge=1)
    latency_target_s: float = Field(0.25, gt=0)
    #: How long a request may wait for its turn before it is shed.
    queue_s: float = Field(0.1, ge=0)
    cache: CacheSpec | None = None

    @field_validator("prefix")
    @classmethod
    def _no_dots(cls, prefix: str) -> str:
        if "//" in prefix or any(part in (".", "..") for part in prefix.split("/")):
            raise ValueError("a prefix has no empty, '.' or '..' segments")
        return prefix

    @property
    def template(self) -> str:
        """The route's label in metrics and logs."""
        return f"{self.prefix}*" if self.prefix.endswith("/") else self.prefix


class TableSpec(_Strict):
    """The whole file."""

    upstreams: dict[Name, UpstreamSpec]
    routes: tuple[RouteSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what in ("name", "prefix"):
            [(value, count)] = Counter(getattr(route, what) for route in self.routes).most_common(1)
            if count > 1:
                raise ValueError(f"{count} routes have the {what} {value}")
        for route in self.routes:
            for upstream in filter(None, (route.upstream, route.fallback)):
                if upstream not in self.upstreams:
                    raise ValueError(f"route {route.name} names the unknown upstream {upstream}")
        return self


class PrefixTable(Generic[RouteT]):
    """Longest-prefix lookup over whole path segments.

    The walk costs one dictionary probe per segment of the deepest prefix, whatever the number of prefixes.
    """

    def __init__(self, routes: Iterable[tuple[str, RouteT]]) -> None:
        self._routes = {prefix.encode(): route for prefix, route in routes}
        self._depth = max((prefix.count(b"/") for prefix in self._routes), default=0)

    def find(self, path: bytes) -> RouteT | None:
        """The route of ``path``: an exact one, else the longest prefix."""
        found = self._routes.get(path)
        if found is not None:
            return found
        end = 0
        for _ in range(self._depth):
            end = path.find(b"/", end) + 1
            if not end:
                break
            found = self._routes.get(path[:end], found)
        return found
