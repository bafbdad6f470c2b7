"""What a request must satisfy before any upstream hears of it."""

import asyncio

from meshop_gateway.auth import Authenticator, SessionEnded, require_role
from meshop_gateway.clients import ClientAddresses, limit_key
from meshop_gateway.headers import host_name
from meshop_gateway.limits import Limiter
from meshop_gateway.paths import query_is_plain
from meshop_gateway.request import Request
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.telemetry import LIMITED
from meshop_shared.errors import (
    MethodNotAllowed,
    NotAuthenticated,
    PayloadTooLarge,
    RateLimited,
    ServiceUnavailable,
    ValidationFailed,
)
from meshop_shared.tokens import AccessClaims


class Malformed(ValidationFailed):
    """400: two servers could understand this request differently."""

    code = "malformed_request"
    message = "This is not a well-formed HTTP/1.1 request."


class RevocationUnknown(ServiceUnavailable):
    """503: nobody can tell whether the session was revoked, and this route's upstream does not check."""

    code = "auth_unavailable"
    message = "Signing in cannot be checked right now."


class Guards:
    """Checks in the order of their cost: what the request says of itself, then who sends it, then how often."""

    def __init__(
        self, settings: GatewaySettings, *, clients: ClientAddresses, auth: Authenticator, limiter: Limiter
    ) -> None:
        self._clients, self._auth, self._limiter = clients, auth, limiter
        self._limits_on = settings.rate_limit == "on"
        hosts = frozenset(host.encode() for host in settings.allowed_hosts)
        self._hosts = None if b"*" in hosts else hosts

    async def check(self, request: Request) -> None:
        """Raises what is wrong; fills in ``request.client``, ``scheme``, ``extra`` and its deadline."""
        self._check_form(request)
        seen, route = request.head.seen, request.route
        given = seen.get(b"x-request-deadline-ms")
        if given is not None and given.isdigit() and len(given) < 10:
            ends = request.flight.started + int(given) / 1000
            if ends < request.flight.ends:
                request.flight.ends, request.flight.hurried = ends, True
        peer = request.client
        request.client = self._clients.find(peer, seen.get(b"x-forwarded-for"))
        if self._clients.is_trusted(peer) and seen.get(b"x-forwarded-proto") == b"https":
            request.scheme = b"https"
        claims = await self._identify(request) if route.wants_user else None
        if route.check_revoked and claims is not None:
            if route.limits and self._limits_on:
                # Both questions travel in one round trip.
                revoked, _ = await asyncio.gather(self._auth.revoked(claims), self._charge(request, claims))
            else:
                revoked = await self._auth.revoked(claims)
            if revoked is None:
                raise RevocationUnknown()
            if revoked:
                raise SessionEnded(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        elif route.limits and self._limits_on:
            await self._charge(request, claims)

    def _check_form(self, request: Request) -> None:
        seen, route = request.head.seen, request.route
        name = host_check(seen.get(b"host"), request.scope["http_version"])
        if self._hosts is not None and name not in self._hosts:
            raise Malformed("This host is not served here.")
        query = request.scope["query_string"]
        if query and not query_is_plain(query):
            raise Malformed("The query holds characters that must be encoded.")
        if request.method not in route.methods:
            raise MethodNotAllowed(headers={"Allow": route.allow})
        length = seen.get(b"content-length")
        if length is not None and int(length) > route.spec.body_limit:
            raise PayloadTooLarge()

    async def _identify(self, request: Request) -> AccessClaims | None:
        authorization = request.head.seen.get(b"authorization")
        rule = request.route.spec.auth
        if rule.mode != "required":
            if authorization is None:
                return None
            try:
                return await self._auth.identify(authorization)
            except (NotAuthenticated, ServiceUnavailable):
                return None  # the upstream decides; here it counts as anonymous
        claims = await self._auth.identify(authorization)
        require_role(claims, rule.roles)
        return claims

    async def _charge(self, request: Request, claims: AccessClaims | None) -> None:
        charged = []
        for limit in request.route.limits:
            if limit.per == "client":
                charged.append((limit, limit_key(request.client)))
            elif limit.per == "route":
                charged.append((limit, "all"))
            elif claims is not None:
                charged.append((limit, str(claims.user_id)))
        if not charged:
            return
        try:
            verdict = await self._limiter.charge(charged)
        except RateLimited:
            LIMITED.labels(request.route.template).inc()
            raise
        request.extra += verdict.headers()


def host_check(host: bytes | None, version: str) -> bytes:
    """The name in a Host field, in lower case. Raises :class:`Malformed` if it is missing or not a host."""
    if host is None:
        if version == "1.1":
            raise Malformed("The Host header is missing.")
        return b""
    name = host_name(host)
    if name is None:
        raise Malformed("The Host header is not a host name.")
    return name.lower()
