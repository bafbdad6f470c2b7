"""Somebody buys something through the front door: registers, fills a cart, orders, pays if paying moves no money."""

import json
import os
import secrets
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

SHOP, HOST = os.environ["SHOP"], os.environ["SHOP_HOST"]
DEADLINE = time.monotonic() + float(os.environ["DEADLINE_S"])
ADDRESS = {
    "full_name": "Helm Test",
    "line1": "1 Main Street",
    "city": "London",
    "postal_code": "N1 1AA",
    "country": "GB",
}


def call(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and body of an answer; asks again while nobody answers, until the deadline."""
    headers = {"Host": HOST, "Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    while True:
        request = urllib.request.Request(SHOP + path, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            text = refusal.read().decode(errors="replace")
            if refusal.code not in (502, 503, 504) or time.monotonic() > DEADLINE:
                return refusal.code, text
        except OSError:
            if time.monotonic() > DEADLINE:
                raise
        time.sleep(1)


def need(what: str, answer: tuple[int, Any], *statuses: int) -> Any:
    """The body of an answer that must have one of these statuses."""
    status, body = answer
    print(f"{what}: {status}", flush=True)
    if status not in statuses:
        raise SystemExit(f"{what} answered {status}: {body}")
    return body


person = {"email": f"helm-test-{uuid.uuid4().hex}@example.com", "password": secrets.token_urlsafe(24)}
token = need("register", call("POST", "/api/auth/register/", person), 201)["access"]
me = {"Authorization": f"Bearer {token}"}
found = need("look around", call("GET", "/api/products/?in_stock=true&page_size=1"), 200)["results"]
if not found:
    raise SystemExit("The shelves are empty: import a catalogue, or set backend.demo.products.")
line = {"product_id": found[0]["id"], "quantity": 1}
if found[0].get("variants"):
    line["variant_id"] = next(v["id"] for v in found[0]["variants"] if v.get("stock", 1))
need("fill the cart", call("POST", "/api/orders/cart/add/", line, **me), 200, 201)
once = {**me, "Idempotency-Key": uuid.uuid4().hex}
order = need("order", call("POST", "/api/orders/", {"shipping_address": ADDRESS}, **once), 201)
again = need(
    "order again with the same key", call("POST", "/api/orders/", {"shipping_address": ADDRESS}, **once), 201
)
if again["id"] != order["id"]:
    raise SystemExit("The same key made a second order.")
pages = {
    "success_url": "https://example.com/yes",
    "cancel_url": "https://example.com/no",
    "order_id": order["id"],
}
session = need(
    "checkout",
    call(
        "POST", "/api/payments/create-checkout-session/", pages, **{**me, "Idempotency-Key": uuid.uuid4().hex}
    ),
    200,
    201,
)
page = session["url"].partition("/api/payments/fake/")
if page[1]:
    need("pay", call("POST", page[1] + page[2], {"card": "4242424242424242"}), 200, 201)
    while True:
        paid = need("see the order", call("GET", f"/api/orders/{order['id']}/", **me), 200)["payment_status"]
        if paid == "paid":
            break
        if time.monotonic() > DEADLINE:
            raise SystemExit(f"The order is still {paid}.")
        time.sleep(1)
else:
    need("cancel", call("POST", f"/api/orders/{order['id']}/cancel/", {}, **me), 200)
print("Bought.", flush=True)
