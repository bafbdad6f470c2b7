"""Who asks: verified by the shop's public keys, so that a conversation is its owner's whoever carries the request."""

import asyncio
import time
from dataclasses import dataclass

import httpx
from fastapi import Request

from chatbot.errors import ShopUnavailable
from meshop_shared.errors import NotAuthenticated
from meshop_shared.tokens import TokenVerifier

_REFRESH_S, _PAUSE_S = 300.0, 5.0


@dataclass(frozen=True)
class Caller:
    """Somebody who chats. ``owner`` names them in stored conversations; a guest owns by knowing the conversation."""

    owner: str
    #: Fields that the tools send along: the caller's own token, or the token of a guest's cart.
    headers: dict[str, str]

    @property
    def signed_in(self) -> bool:
        """Whether orders can be asked for."""
        return self.owner != GUEST


GUEST = "guest"


class Callers:
    """Verifies tokens; the keys are fetched again now and then, and for a key that is not known yet."""

    def __init__(self, *, client: httpx.AsyncClient, url: str, issuer: str, audience: str) -> None:
        self._client, self._url, self._issuer, self._audience = client, url, issuer, audience
        self._verifier: TokenVerifier | None = None
        self._fetched, self._lock = float("-inf"), asyncio.Lock()

    async def caller(self, request: Request) -> Caller:
        """Who sends a request. Raises ``NotAuthenticated`` for a token that is none, and ``ShopUnavailable``."""
        passed = {
            name: value
            for name in ("x-request-id", "traceparent")
            if (value := request.headers.get(name)) is not None
        }
        address = request.headers.get("x-forwarded-for")
        if address is not None:
            passed["x-forwarded-for"] = address
        authorization = request.headers.get("authorization", "")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            cart = request.headers.get("x-cart-token") or request.cookies.get("cart_token")
            if cart and cart.isascii() and cart.isprintable():
                passed["x-cart-token"] = cart[:64]
            return Caller(GUEST, passed)
        token = token.strip()
        claims = (await self._verifier_for(token)).verify(token)
        return Caller(f"user:{claims.user_id}", {**passed, "authorization": f"Bearer {token}"})

    async def _verifier_for(self, token: str) -> TokenVerifier:
        if not token.isascii():
            raise NotAuthenticated("The access token is not valid.", code="token_invalid")
        async with self._lock:
            age = time.monotonic() - self._fetched
            unknown = self._verifier is not None and not self._verifier.knows_key_of(token)
            if self._verifier is None or age > _REFRESH_S or (unknown and age > _PAUSE_S):
                await self._fetch()
        assert self._verifier is not None
        return self._verifier

    async def _fetch(self) -> None:
        try:
            answer = await self._client.get(self._url)
            answer.raise_for_status()
            self._verifier = TokenVerifier(jwks=answer.json(), issuer=self._issuer, audience=self._audience)
            self._fetched = time.monotonic()
        except (httpx.HTTPError, ValueError, KeyError) as error:
            if self._verifier is None:
                raise ShopUnavailable() from error
