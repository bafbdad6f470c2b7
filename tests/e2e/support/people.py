"""Who visits the shop. Each person has cookies and tokens of their own and speaks HTTP only."""

import ssl
import time
from typing import Any

import httpx

from tests.e2e.support.answers import Json, ok
from tests.e2e.support.things import ADDRESS, PASSWORD, png, unique

_TLS = ssl.create_default_context()


class Person:
    """Somebody at a browser: a guest until they register or log in.

    ``get`` … ``delete`` answer the raw response; the verbs below them expect success and answer its body.
    """

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=f"{base_url.rstrip('/')}/api/", verify=_TLS, timeout=60)
        self.email, self.password, self.id = "", PASSWORD, 0
        self.access, self.refresh = "", ""
        self._signed_in_at = 0.0

    def close(self) -> None:
        """Leave the shop."""
        self.http.close()

    # Plain HTTP

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request below ``/api/`` with what this person is known by."""
        headers = dict(options.pop("headers", None) or {})
        if self.access:
            headers.setdefault("Authorization", f"Bearer {self.access}")
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Read."""
        return self.send("GET", path, params=query or None)

    def post(self, path: str, body: Json = None, *, key: str | None = None) -> httpx.Response:
        """Post JSON, with an ``Idempotency-Key`` when ``key`` is given."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self.send("POST", path, json={} if body is None else body, headers=headers)

    def put(self, path: str, body: Json) -> httpx.Response:
        """Replace."""
        return self.send("PUT", path, json=body)

    def patch(self, path: str, body: Json) -> httpx.Response:
        """Change in part."""
        return self.send("PATCH", path, json=body)

    def delete(self, path: str) -> httpx.Response:
        """Remove."""
        return self.send("DELETE", path)

    def post_raw(self, path: str, content: bytes, content_type: str = "application/json") -> httpx.Response:
        """Post bytes as they are."""
        return self.send("POST", path, content=content, headers={"Content-Type": content_type})

    # Account

    def register(self, **fields: Json) -> Json:
        """Open an account with an unused address and be signed in; the answer's body."""
        body = {"email": f"{unique('buyer')}@example.com", "password": PASSWORD, **fields}
        return self._signed_in(ok(self.post("auth/register/", body), 201), body["password"])

    def login(self, email: str, password: str = PASSWORD) -> Json:
        """Sign in; the answer's body."""
        answer = ok(self.post("auth/login/", {"email": email, "password": password}))
        return self._signed_in(answer, password)

    def _signed_in(self, answer: Json, password: str) -> Json:
        self.access, self.refresh = answer["access"], answer["refresh"]
        self.id, self.email, self.password = answer["user"]["id"], answer["user"]["email"], password
        self._signed_in_at = time.monotonic()
        return answer

    def stay_signed_in(self) -> None:
        """Sign in again before the access token gets old."""
        if time.monotonic() - self._signed_in_at > 300:
            self.login(self.email, self.password)

    def refresh_tokens(self) -> Json:
        """Trade the refresh token for a new pair, and use it from now on."""
        answer = ok(self.post("auth/refresh/", {"refresh": self.refresh}))
        self.access, self.refresh = answer["access"], answer["refresh"]
        return answer

    def profile(self) -> Json:
        """Read the own profile."""
        return ok(self.get("auth/profile/"))

    def add_address(self, **changes: Json) -> Json:
        """Save an address."""
        return ok(self.post("auth/addresses/", {**ADDRESS, **changes}), 201)

    # Catalogue

    def product(self, key: int | str) -> Json:
        """Read one product."""
        return ok(self.get(f"products/{key}/"))

    def stock_of(self, product: Json) -> int:
        """Units of a product that can be sold now."""
        stock: int = self.product(product["id"])["stock"]
        return stock

    def products(self, **query: Any) -> list[Json]:
        """The products of one page of the list."""
        results: list[Json] = ok(self.get("products/", **query))["results"]
        return results

    # Cart and orders

    def cart(self) -> Json:
        """Look into the cart."""
        return ok(self.get("orders/cart/"))

    def add_to_cart(self, product: Json, quantity: int = 1, *, variant: Json = None) -> Json:
        """Put units into the cart; the cart."""
        return ok(self.post("orders/cart/add/", line(product, quantity, variant=variant)))

    def order_cart(self, **more: Json) -> Json:
        """Order what is in the cart."""
        return ok(self.post("orders/", {"shipping_address": ADDRESS, **more}), 201)

    def order(self, product: Json, quantity: int = 1, *, variant: Json = None, **more: Json) -> Json:
        """Order one product past the cart."""
        return ok(self.try_order(product, quantity, variant=variant, **more), 201)

    def try_order(
        self, product: Json, quantity: int = 1, *, variant: Json = None, key: str | None = None, **more: Json
    ) -> httpx.Response:
        """Order one product, whatever the answer."""
        items = [line(product, quantity, variant=variant)]
        return self.post("orders/", {"items": items, "shipping_address": ADDRESS, **more}, key=key)

    def orders(self, **query: Any) -> list[Json]:
        """The own orders of one page of the list."""
        results: list[Json] = ok(self.get("orders/", **query))["results"]
        return results

    def cancel(self, order: Json) -> httpx.Response:
        """Cancel an order, whatever the answer."""
        return self.post(f"orders/{order['id']}/cancel/")

    def timeline(self, order: Json) -> list[Json]:
        """What happened to an order, oldest first."""
        results: list[Json] = ok(self.get(f"orders/{order['id']}/timeline/"))["results"]
        return results

    # Opinions and wishes

    def review(self, product: Json, rating: int = 5, **more: Json) -> Json:
        """Write a review."""
        return ok(self.try_review(product, rating, **more), 201)

    def try_review(self, product: Json, rating: Json = 5, **more: Json) -> httpx.Response:
        """Write a review, whatever the answer."""
        body = {"product_id": product["id"], "rating": rating, "title": "Fine", "body": "Does its job."}
        return self.post("products/reviews/", {**body, **more})

    def reviews_of(self, product: Json, **query: Any) -> list[Json]:
        """The reviews that this person is shown of a product."""
        results: list[Json] = ok(self.get(f"products/{product['id']}/reviews/", **query))["results"]
        return results

    def wish(self, product: Json) -> Json:
        """Put a product on the wishlist."""
        return ok(self.post("products/wishlist/", {"product_id": product["id"]}), 201)

    def wishes(self, **query: Any) -> list[Json]:
        """The own wishlist."""
        results: list[Json] = ok(self.get("products/wishlist/", **query))["results"]
        return results


class Staff(Person):
    """The administrator: makes the catalogue that a test needs."""

    def add_product(self, **fields: Json) -> Json:
        """Put a new product on sale; ten of them at 10.00 unless ``fields`` say otherwise."""
        unless_said = {"stock": 10} if "variants" not in fields else {}
        body = {"sku": unique("MUG"), "name": unique("Plain mug"), "price": "10.00", **unless_said}
        return ok(self.post("products/", {**body, **fields}), 201)

    def add_variants(self, *variants: Json, **fields: Json) -> Json:
        """Put a product on sale that is bought by variant; ``variants`` are ``{name, price, stock}``."""
        return self.add_product(
            variants=[{"sku": unique("VARIANT"), **variant} for variant in variants], **fields
        )

    def add_category(self, parent: Json = None, **fields: Json) -> Json:
        """Add a category, below ``parent`` if given."""
        body = {"name": unique("Category"), **({"parent_id": parent["id"]} if parent else {})}
        return ok(self.post("products/categories/", {**body, **fields}), 201)

    def change_product(self, product: Json, **fields: Json) -> Json:
        """Change a product in part."""
        return ok(self.patch(f"products/{product['id']}/", fields))

    def upload(self, product: Json, content: bytes, name: str = "a.png", **form: str) -> httpx.Response:
        """Upload a picture, whatever the answer."""
        return upload(self, product, content, name, **form)

    def add_image(self, product: Json, **form: str) -> Json:
        """Upload a small good picture."""
        return ok(self.upload(product, png(), **form), 201)


def line(product: Json, quantity: Json = 1, *, variant: Json = None) -> dict[str, Json]:
    """A line as carts and orders take it."""
    chosen = {"variant_id": variant["id"]} if variant else {}
    return {"product_id": product["id"], **chosen, "quantity": quantity}


def place(person: Person, *lines: Json, **more: Json) -> httpx.Response:
    """Order these lines."""
    return person.post("orders/", {"items": list(lines), "shipping_address": ADDRESS, **more})


def upload(person: Person, product: Json, content: bytes, name: str, **form: str) -> httpx.Response:
    """Upload a picture as anybody."""
    path = f"products/{product['id']}/upload_image/"
    return person.send("POST", path, files={"image": (name, content)}, data=form)
