"""Who the user is: access tokens verified with the backend's public keys, remembered until they expire."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog

from meshop_gateway.redis_link import RedisLink
from meshop_shared.errors import NotAuthenticated, PermissionDenied, ServiceUnavailable
from meshop_shared.tokens import AccessClaims, TokenVerifier

log = structlog.get_logger(__name__)

_MOST_TOKENS = 20_000
_LONGEST_TOKEN = 8_192
#: Unknown key ids may cause at most one fetch in this time, whatever clients send.
_REFETCH_S = 5.0
_RETRY_S = (0.5, 10.0)
FetchKeys = Callable[[], Awaitable[bytes]]


class KeysUnavailable(ServiceUnavailable):
    """503: no token can be checked, because the public keys could not be fetched yet."""

    code = "auth_unavailable"
    message = "Signing in cannot be checked right now."


class SessionEnded(NotAuthenticated):
    """401: the token is good, but its session was revoked."""

    code = "session_ended"
    message = "This session has ended."


class Authenticator:
    """Turns an ``Authorization`` field into claims. Fetches keys at start, as they age, and when one is unknown."""

    def __init__(
        self,
        *,
        fetch: FetchKeys,
        redis: RedisLink,
        issuer: str,
        audience: str,
        leeway_s: int,
        ttl_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetch, self._redis, self._ttl_s, self._clock = fetch, redis, ttl_s, clock
        self._issuer, self._audience, self._leeway_s = issuer, audience, leeway_s
        self._verifier: TokenVerifier | None = None
        self._document: dict[str, Any] = {}
        self._tokens: dict[bytes, AccessClaims] = {}
        self._fetched_at = self._tried_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether tokens can be checked."""
        return self._verifier is not None

    @property
    def key_ids(self) -> list[str]:
        """The keys that are accepted now."""
        return [str(key.get("kid")) for key in self._document.get("keys", ())]

    async def keep_fresh(self) -> None:
        """Fetch the keys now and whenever they have aged. Runs until cancelled."""
        pause, longest = _RETRY_S
        while True:
            await self._refresh()
            if self._clock() - self._fetched_at < self._ttl_s:
                pause = _RETRY_S[0]
                await asyncio.sleep(self._ttl_s)
            else:
                await asyncio.sleep(pause)
                pause = min(longest, pause * 2)

    async def identify(self, authorization: bytes | None) -> AccessClaims:
        """The claims of a bearer token. Raises :class:`NotAuthenticated` and :class:`KeysUnavailable`."""
        if authorization is None:
            raise NotAuthenticated(headers={"WWW-Authenticate": "Bearer"})
        claims = self._tokens.get(authorization)
        if claims is not None and claims.expires_at + self._leeway_s > self._clock():
            return claims
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated(headers={"WWW-Authenticate": "Bearer"})
        claims = await self._verify(token.strip().decode("latin-1"))
        if len(self._tokens) >= _MOST_TOKENS:
            self._forget()
        self._tokens[authorization] = claims
        return claims

    async def revoked(self, claims: AccessClaims) -> bool | None:
        """Whether the token's session was revoked; ``None`` if nobody can tell."""
        answer = await self._redis.send(b"EXISTS", b"revoked:sid:" + claims.session_id.encode())
        return None if answer is None else bool(answer)

    async def _verify(self, token: str) -> AccessClaims:
        verifier = self._verifier
        if verifier is None or not verifier.knows_key_of(token):
            await self._refresh_for_unknown_key()
            verifier = self._verifier
        if verifier is None:
            raise KeysUnavailable()
        try:
            return verifier.verify(token)
        except NotAuthenticated as error:
            error.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            raise

    async def _refresh_for_unknown_key(self) -> None:
        if self._clock() - self._tried_at >= _REFETCH_S or self._fetching is not None:
            await asyncio.shield(self._refresh())

    def _refresh(self) -> "asyncio.Task[None]":
        """One fetch at a time; whoever needs it meanwhile waits for the same one."""
        if self._fetching is None:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_keys())
            self._fetching.add_done_callback(self._fetch_ended)
        return self._fetching

    def _fetch_ended(self, _: "asyncio.Task[None]") -> None:
        self._fetching = None

    async def _fetch_keys(self) -> None:
        self._tried_at = self._clock()
        try:
            document = orjson.loads(await self._fetch())
            verifier = TokenVerifier(
                jwks=document, issuer=self._issuer, audience=self._audience, leeway_s=self._leeway_s
            )
        except Exception as error:  # whatever the backend answers, the keys we have stay good
            log.warning("public keys not fetched", error=f"{type(error).__name__}: {error}")
            return
        self._fetched_at = self._clock()
        if document != self._document:
            self._tokens.clear()  # tokens of a withdrawn key must not live on
            self._document, self._verifier = document, verifier
            log.info("public keys loaded", keys=self.key_ids)

    def _forget(self) -> None:
        now = self._clock()
        self._tokens = {token: claims for token, claims in self._tokens.items() if claims.expires_at > now}
        for token in list(self._tokens)[: max(0, len(self._tokens) - _MOST_TOKENS // 2)]:
            del self._tokens[token]


def require_role(claims: AccessClaims, roles: tuple[str, ...]) -> None:
    """Raises :class:`PermissionDenied` unless the user has one of ``roles`` (any user, if there are none)."""
    if roles and not set(roles).intersection(claims.roles):
        raise PermissionDenied()
