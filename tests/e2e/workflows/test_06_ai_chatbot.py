"""The assistant, through the front door: what it does is judged by the cart and the orders afterwards."""

import json
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.support.answers import at_once, not_found, ok, refused_field, statuses
from tests.support.chat_shop import ChatShop, Chatter
from tests.support.chat_tasks import TASKS
from tests.support.chat_tasks.task import Task

FIELDS = {"conversation_id", "reply", "citations", "proposed_action", "source", "model", "reasons"}
#: One task of each kind; all of them, eight times, are `make bench-chatbot`.
LEAN = (
    "add several", "add by text yes", "ambiguous colour", "variant asked", "correct quantity", "two at once",
    "remove some", "set", "clear", "swap", "unknown product", "cancel by number", "cancel asked which",
    "cancel shipped is refused", "return a part", "human",
)  # fmt: skip


@pytest.fixture(scope="module")
def chat_shop(administrator) -> ChatShop:
    administrator.stay_signed_in()
    shop = ChatShop(administrator)
    shop.searchable()
    return shop


@pytest.fixture
def chatter(chat_shop, customer) -> Iterator[Chatter]:
    return Chatter(chat_shop, customer)


@pytest.fixture
def assisted(chatter) -> Chatter:
    """Where the service answers; a stack without it has the fallback."""
    if chatter.says("hello")["source"] == "fallback":
        pytest.skip("tests the assistant, which this shop does not run (AI_URLS): its fallback answers")
    return chatter


@pytest.mark.parametrize("task", [task for task in TASKS if task.name in LEAN], ids=lambda task: task.name)
def test_tasks_end_as_they_should(assisted, task: Task):
    assisted.conversation = None
    task.run(assisted, 0)
    assert task.problems(assisted) == []


class TestConfirming:
    def test_nothing_happens_before_and_once_after(self, assisted):
        action = assisted.says("add 2 tarnwick kettles to my cart")["proposed_action"]
        assert action["steps"] == [
            {
                "tool": "cart_add",
                "arguments": {
                    "product_id": assisted.shop.products["kettle"]["id"], "variant_id": None, "quantity": 2,
                },
            }
        ]  # fmt: skip
        assert assisted.cart() == {}
        answers = at_once([lambda: assisted.post({"confirm": action["id"]}) for _ in range(6)])
        assert statuses(answers)[200] == 1
        assert set(statuses(answers)) <= {200, 404, 409}
        assert assisted.cart() == {"kettle": 2}
        not_found(assisted.post({"confirm": action["id"]}))
        assert assisted.cart() == {"kettle": 2}

    def test_the_next_proposal_voids_the_one_before(self, assisted):
        first = assisted.says("add a tarnwick kettle to my cart")["proposed_action"]
        assisted.says("add a zorbit yoga mat to my cart")
        not_found(assisted.post({"confirm": first["id"]}))
        assisted.confirms()
        assert assisted.cart() == {"mat": 1}

    def test_conversations_and_actions_of_others_do_not_exist(self, assisted, stranger, guest):
        action = assisted.says("add a tarnwick kettle to my cart")["proposed_action"]
        for person in (stranger, guest):
            for body in ({"message": "yes"}, {"confirm": action["id"]}):
                not_found(person.post("chat/", {"conversation_id": assisted.conversation, **body}))
        other = Chatter(assisted.shop, stranger)
        other.says("hello")
        not_found(other.post({"confirm": action["id"]}))
        not_found(stranger.post("chat/", {"conversation_id": str(uuid.uuid4()), "message": "hi"}))
        assert assisted.cart() == other.cart() == {}
        assisted.confirms()
        assert assisted.cart() == {"kettle": 1}


class TestFacts:
    def test_prices_come_from_the_shop_and_are_cited(self, assisted, staff):
        product = staff.add_product(
            name=f"Quarrendon {uuid.uuid4().hex[:6]} Stool", price="77.70", description="Only 0.01!"
        )
        staff.change_product(product, price="88.80")
        answer = assisted.says(f"how much is the {product['name']}?")
        (citation,) = answer["citations"]
        assert citation["url"] == f"/api/products/{product['id']}/"
        assert "88.80" in answer["reply"]
        assert "0.01" not in answer["reply"]
        assert all(line.endswith("[1]") for line in answer["reply"].split("\n"))

    def test_terms_are_quoted(self, assisted):
        answer = assisted.says("how many days do I have to send something back?")
        policies = ok(assisted.person.get("support/policies/"))["results"]
        assert answer["citations"][0]["kind"] == "policy"
        bodies = " ".join(policy["body"] for policy in policies)
        assert all(line.rsplit(" [", 1)[0] in bodies for line in answer["reply"].split("\n"))

    def test_orders_are_the_callers(self, assisted, stranger):
        number = assisted.ordered("pending", "lamp")["number"]
        assert number in assisted.says("where is my order?")["reply"]
        assert (
            number
            not in Chatter(assisted.shop, stranger).says(f"where is order {number}?")["citations"].__str__()
        )


class TestForm:
    def test_an_answer_has_its_form_with_or_without_the_service(self, chatter):
        answer = chatter.says("hello")
        assert set(answer) == FIELDS
        assert answer["source"] in ("model", "baseline", "fallback")
        assert (answer["model"] is None) == (answer["source"] in ("baseline", "fallback"))

    @pytest.mark.parametrize(
        "body",
        [{}, {"message": ""}, {"message": 7}, {"message": "x" * 2_001}, {"message": "a", "confirm": "b"}],
    )
    def test_bad_questions_are_refused(self, customer, body):
        answer = customer.post("chat/", body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "validation_error"

    def test_a_bad_conversation_is_named(self, customer):
        refused_field(customer.post("chat/", {"message": "a", "conversation_id": "x"}), "conversation_id")

    def test_events(self, chatter):
        headers = {"Accept": "text/event-stream"}
        answer = chatter.person.send("POST", "chat/", json={"message": "hello"}, headers=headers)
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [event.split("\n") for event in answer.text.strip().split("\n\n")]
        assert events[-1][0] == "event: answer"
        whole = json.loads(events[-1][1].removeprefix("data: "))
        assert set(whole) == FIELDS
        pieces = "".join(json.loads(lines[1][6:])["text"] for lines in events if lines[0] == "event: delta")
        assert pieces in ("", whole["reply"])

    def test_a_guest_fills_a_cart(self, chat_shop, guest):
        chatter = Chatter(chat_shop, guest)
        if chatter.says("add a zorbit yoga mat to my cart")["source"] == "fallback":
            pytest.skip("tests the assistant, which this shop does not run (AI_URLS)")
        chatter.confirms()
        assert chatter.cart() == {"mat": 1}
        assert "sign in" in chatter.says("where is my order?")["reply"]

    def test_a_bad_token_is_refused(self, shop_url):
        headers = {"Authorization": "Bearer not.a.token"}
        answer = httpx.post(f"{shop_url}/api/chat/", json={"message": "hi"}, headers=headers)
        assert answer.status_code == 401
