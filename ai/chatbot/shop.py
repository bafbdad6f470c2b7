"""The shop as the assistant sees it: its public API through the gateway, always as the caller."""

import time
from typing import Any

import httpx

from chatbot.callers import Caller
from chatbot.errors import ShopUnavailable
from meshop_shared.errors import NotAuthenticated

Json = dict[str, Any]
_POLICIES_S = 30.0
_ORDERS, _PRODUCTS = 50, 20


class Refused(Exception):
    """The shop understood and said no: its code and its sentence."""

    def __init__(self, status: int, body: Json) -> None:
        self.status, self.code = status, str(body.get("code", ""))
        self.message, self.extra = str(body.get("message", "")), body.get("extra") or {}
        super().__init__(self.message)


class Shop:
    """One connection pool; every call has a deadline. Raises ``ShopUnavailable``, ``NotAuthenticated``, ``Refused``."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._policies: list[Json] = []
        self._policies_at = float("-inf")

    def of(self, caller: Caller) -> "CallersShop":
        """The shop for one caller."""
        return CallersShop(self, caller)

    async def call(
        self, caller: Caller, method: str, path: str, **options: Any
    ) -> tuple[Json, httpx.Headers]:
        """One request as the caller."""
        try:
            answer = await self._client.request(method, f"/api/{path}", headers=caller.headers, **options)
        except httpx.HTTPError as error:
            raise ShopUnavailable() from error
        if answer.status_code == 401:
            body = _json(answer)
            raise NotAuthenticated(
                str(body.get("message") or "") or None, code=str(body.get("code") or "") or None
            )
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ShopUnavailable()
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _json(answer))
        return _json(answer), answer.headers

    async def policies(self, caller: Caller) -> list[Json]:
        """The shop's texts, asked for again every half minute."""
        if time.monotonic() - self._policies_at > _POLICIES_S:
            anonymous = Caller(caller.owner, {})
            body, _ = await self.call(anonymous, "GET", "support/policies/")
            self._policies, self._policies_at = body["results"], time.monotonic()
        return self._policies


class CallersShop:
    """What one caller can ask and do."""

    def __init__(self, shop: Shop, caller: Caller) -> None:
        self._shop, self.caller = shop, caller
        #: Names a guest's cart that was made on the way.
        self.cart_token: str | None = None

    async def _call(self, method: str, path: str, **options: Any) -> Json:
        body, headers = await self._shop.call(self.caller, method, path, **options)
        token = headers.get("x-cart-token")
        if token and not self.caller.signed_in:
            self.cart_token = token
            self.caller.headers["x-cart-token"] = token
        return body

    async def policies(self) -> list[Json]:
        """The shop's texts."""
        return await self._shop.policies(self.caller)

    async def products(self, text: str, filters: dict[str, str]) -> list[Json]:
        """Products that a text finds, best first."""
        query = {"page_size": str(_PRODUCTS), **filters, **({"search": text[:100]} if text else {})}
        return list((await self._call("GET", "products/", params=query))["results"])

    async def product(self, product_id: int) -> Json:
        """One product. Raises :class:`Refused` when it is gone."""
        return await self._call("GET", f"products/{product_id}/")

    async def cart(self) -> Json:
        """The caller's cart."""
        return await self._call("GET", "orders/cart/")

    async def orders(self) -> list[Json]:
        """The caller's orders, newest first."""
        return list((await self._call("GET", "orders/", params={"page_size": str(_ORDERS)}))["results"])

    async def timeline(self, order_id: int) -> list[Json]:
        """What happened to an order, oldest first."""
        return list((await self._call("GET", f"orders/{order_id}/timeline/"))["results"])

    async def write(self, method: str, path: str, body: Json | None = None) -> Json:
        """Change something; only :mod:`chatbot.tools` calls this, for confirmed steps."""
        return await self._call(method, path, **({"json": body} if body is not None else {}))


def _json(answer: httpx.Response) -> Json:
    try:
        body = answer.json() if answer.content else {}
    except ValueError as error:
        raise ShopUnavailable() from error
    return body if isinstance(body, dict) else {}
