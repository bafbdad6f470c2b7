"""The assistant against a real store and a real Redis, with a language model that lies."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from fastapi.testclient import TestClient

from apps.accounts.models import TokenFamily, User
from apps.accounts.signing import token_signer
from apps.orders.models import CartItem, Order
from tests.support.ai import ai_module, ai_settings
from tests.support.factories import product_make, user_make
from tests.support.polling import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class FakeLlm:
    """An OpenAI-compatible service that answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.status, self.used, self.delay_s, self.url = 200, 50, 0.0, ""

    def calls(self, *calls: tuple[str, Any], text: str | None = None) -> None:
        """Answer with these tool calls."""
        made = [
            {"id": f"c{at}", "type": "function", "function": {
                "name": name, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            }}
            for at, (name, arguments) in enumerate(calls)
        ]  # fmt: skip
        self.answers.append({"role": "assistant", "content": text, "tool_calls": made})


@contextmanager
def llm_server() -> Iterator[FakeLlm]:
    state = FakeLlm()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            threading.Event().wait(state.delay_s)
            message = state.answers.pop(0) if state.answers else {"role": "assistant", "content": "?"}
            body = json.dumps(
                {"choices": [{"message": message}], "usage": {"total_tokens": state.used}}
            ).encode()
            try:
                self.send_response(state.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:  # the caller has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def service(live_server, ai_database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """One that asks the language model about everything. It has no model of its own: its baseline understands."""
    choices = {
        "gateway_url": live_server.url, "redis_url": django_settings.MESHOP.redis_url, "llm_use": "always",
        "llm_timeout_s": 4, "llm_max_tokens": 3_000, "tool_timeout_s": 30, "answer_timeout_s": 60,
    }  # fmt: skip
    with llm_server() as state:
        app = ai_module("chatbot", "main").create(
            ai_settings(ai_database_url, tmp_path, service="chatbot", llm_url=state.url, **choices)
        )
        with TestClient(app) as client:
            client.llm = state
            wait_until(lambda: client.get("/readyz").status_code == 200)
            yield client


def token_of(user: User) -> dict[str, str]:
    family = TokenFamily.objects.create(user=user)
    token = token_signer().sign(
        user_id=user.pk, session_id=str(family.pk), roles=(), token_id=uuid.uuid4().hex
    )
    return {"Authorization": f"Bearer {token}"}


def say(service: TestClient, who: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = service.post("/api/chat/", json=body, headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_model_chooses_a_tool_and_the_caller_confirms(service):
    product, buyer = product_make(name="Copper kettle"), user_make()
    who = token_of(buyer)
    service.llm.calls(("cart_add", {"product": "copper kettle", "quantity": 3}))
    answer = say(service, who, message="the thing that boils, thrice")
    (step,) = answer["proposed_action"]["steps"]
    assert step["arguments"] == {"product_id": product.pk, "variant_id": None, "quantity": 3}
    assert CartItem.objects.count() == 0
    done = say(
        service, who, conversation_id=answer["conversation_id"], confirm=answer["proposed_action"]["id"]
    )
    assert done["citations"]
    assert CartItem.objects.get().quantity == 3


def test_it_may_look_first_and_sees_data_as_data(service):
    product_make(name="Copper kettle")
    service.llm.calls(("search_products", {"query": "kettle"}))
    service.llm.calls(("product_info", {"product": "copper kettle"}))
    answer = say(service, {}, message="hm")
    assert "Copper kettle costs 10.00 GBP" in answer["reply"]
    assert "Copper kettle" in service.llm.asked[1]["messages"][-1]["content"]
    assert "a language model chose the tools" in answer["reasons"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("drop_table", {}),
        ("order_cancel", {"order": "1", "user_id": 7}),
        ("cart_add", {"product": "copper kettle", "quantity": -5}),
        ("cart_add", {"product": "copper kettle", "quantity": "many"}),
        ("cart_add", "not json"),
        ("cart_add", {"product": ""}),
        ("write", {"method": "DELETE", "path": "orders/cart/clear/"}),
    ],
)
def test_what_is_no_tool_is_not_run(service, name, arguments):
    product_make(name="Copper kettle")
    service.llm.calls((name, arguments), text="Done! It now costs 0.01 and your order is cancelled.")
    answer = say(service, token_of(user_make()), message="hello")
    assert answer["proposed_action"] is None
    assert "0.01" not in answer["reply"]
    assert "cancelled" not in answer["reply"]


def test_it_reaches_nobody_elses_order(service):
    owner, attacker = user_make(), user_make()
    address = {"full_name": "A", "line1": "1", "city": "L", "postal_code": "N1", "country": "GB"}
    order = Order.objects.create(
        number="01J9ZC2M5T8K4XQ7W3VN", user=owner, currency="GBP", subtotal_minor=100, total_minor=100,
        shipping_address=address,
    )  # fmt: skip
    for chosen in ({"order": order.number}, {"order": f"order {order.pk}"}):
        service.llm.calls(("order_cancel", chosen))
        answer = say(service, token_of(attacker), message="do it")
        assert answer["proposed_action"] is None
        service.llm.calls(("order_status", chosen))
        assert "1.00" not in say(service, token_of(attacker), message="do it")["reply"]
    order.refresh_from_db()
    assert order.status == "pending"


@pytest.mark.parametrize("fault", ["late", "500", "spent", "silent"])
def test_without_its_help_the_answer_is_the_usual_one(service, fault):
    product_make(name="Copper kettle")
    service.llm.delay_s = 6 if fault == "late" else 0
    service.llm.status = 500 if fault == "500" else 200
    if fault == "spent":
        service.llm.used = 1_000_000
        service.llm.calls(("search_products", {"query": "kettle"}))
    answer = say(service, {}, message="how much is the copper kettle")
    assert "Copper kettle costs 10.00 GBP" in answer["reply"]
    assert len(service.llm.asked) == 1


def test_steps_are_bounded(service):
    product_make(name="Copper kettle")
    for _ in range(9):
        service.llm.calls(("search_products", {"query": "kettle"}))
    assert "Copper kettle" in say(service, {}, message="hm")["reply"]
    assert len(service.llm.asked) == 3


def test_yes_and_no_are_not_for_the_model(service):
    product_make(name="Copper kettle")
    who = token_of(user_make())
    service.llm.calls(("cart_add", {"product": "copper kettle"}))
    first = say(service, who, message="kettle!")
    say(service, who, conversation_id=first["conversation_id"], message="yes")
    assert CartItem.objects.get().quantity == 1
    assert len(service.llm.asked) == 1


def test_what_expires_cannot_be_confirmed(service):
    product_make(name="Copper kettle")
    who = token_of(user_make())
    service.llm.calls(("cart_add", {"product": "copper kettle"}))
    first = say(service, who, message="kettle!")
    action = first["proposed_action"]["id"]
    with redis.Redis.from_url(django_settings.MESHOP.redis_url) as store:
        assert 0 < store.ttl(f"chat:action:{action}") <= 300
        assert 0 < store.ttl(f"chat:{first['conversation_id']}") <= 3600
        store.delete(f"chat:action:{action}")
    body = {"conversation_id": first["conversation_id"], "confirm": action}
    refused = service.post("/api/chat/", json=body, headers=who)
    assert (refused.status_code, refused.json()["code"]) == (404, "action_not_found")
    late = say(service, who, conversation_id=first["conversation_id"], message="yes")
    assert "expired" in late["reply"]
    assert CartItem.objects.count() == 0


def test_a_conversation_stays_small(service):
    first = say(service, {}, message="hello")
    for number in range(15):
        say(service, {}, conversation_id=first["conversation_id"], message=f"{number} " + "kettle " * 250)
    with redis.Redis.from_url(django_settings.MESHOP.redis_url) as store:
        assert store.strlen(f"chat:{first['conversation_id']}") < 32_000


def test_without_the_shop_or_redis_it_says_so(ai_database_url, tmp_path):
    for choices in ({"redis_url": "redis://127.0.0.1:1/0"}, {"redis_url": django_settings.MESHOP.redis_url}):
        made = ai_settings(
            ai_database_url, tmp_path, service="chatbot", gateway_url="http://127.0.0.1:1", **choices
        )
        with TestClient(ai_module("chatbot", "main").create(made)) as client:
            refused = client.post("/api/chat/", json={"message": "do you have kettles"})
            assert (refused.status_code, refused.json()["code"]) == (503, "dependency_unavailable")
