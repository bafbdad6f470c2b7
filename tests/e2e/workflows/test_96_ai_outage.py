"""Workflow 6, finding and buying, with every AI process killed: nobody fails, ``source`` says so, and it heals."""

import itertools
import os
import re
import signal
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from meshop_shared.ai.registry import Registry
from meshop_shared.ai.training import Trained, publish
from recommendations.fitting import recommender_fit
from tests.e2e.support.answers import at_once, ids, ok
from tests.e2e.support.people import Person
from tests.e2e.support.things import encoded, unique
from tests.e2e.workflows import test_02_search as search
from tests.e2e.workflows import test_04_checkout as checkout
from tests.e2e.workflows import test_06_ai_chatbot as chatbot
from tests.e2e.workflows import test_06_ai_discovery as discovery
from tests.e2e.workflows import test_06_ai_discovery_pictures as pictures
from tests.e2e.workflows import test_07_ai_decisions as decisions
from tests.e2e.workflows import test_07_ai_decisions_forecasts as forecasts
from tests.support.polling import wait_until
from tests.support.shop_history import history_of
from tools.stack import ai
from tools.stack.commands import Stack, stack_existing
from tools.stack.config import StackConfig
from tools.stack.services import BACKEND_NAME

#: Services that the backend asks; the assistant is asked by the gateway.
ASKED = ("demand_forecasting", "recommendations", "semantic_search", "visual_recognition")
#: Services that answer visitors while they look around.
SPOKEN = (*ASKED, "chatbot")
ROUNDS = 40
chat_shop, chatter = chatbot.chat_shop, chatbot.chatter
category, article = forecasts.category, forecasts.article


class Services:
    """The AI services of the stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def kill(self) -> None:
        """Kill those that live, all at once."""
        for name in ai.NAMES:
            record = self._stack.table.record(name)
            if record is not None and record.alive:
                os.killpg(record.pid, signal.SIGKILL)

    def start(self) -> None:
        self._stack.table.ensure(ai.ai_services(self._stack.config, self._stack.environment))

    def teach(self, skus: Sequence[str]) -> None:
        """Publish a model of recommendations of these articles: untrained, the service has nothing to say."""
        environment = ai.ai_environment(self._stack.config, self._stack.environment)
        history = history_of(skus, customers=60, days=60)
        trained = Trained(
            artefact=lambda: recommender_fit(history, today=int(history.day.max()), seed=1).dumps(),
            data_digest=history.digest(), split="", metrics={}, baselines={}, requirements=(),
        )  # fmt: skip
        publish(
            name="recommendations", version=f"outage-{time.time_ns()}", seed=1, trained=trained,
            registry=Registry(environment["AI_DATABASE_URL"]), store=environment["MODEL_STORE"], promote=True,
        )  # fmt: skip

    def open_breakers(self) -> set[str]:
        """Services that visitors need and some process of the backend does not ask now."""
        backend = self._stack.table.record(BACKEND_NAME)
        assert backend
        text = httpx.get(f"{backend.address}/metrics").text
        found = re.findall(r'^meshop_breaker_open\{dependency="ai-(\w+)"\} 1', text, re.MULTILINE)
        return set(found) & set(ASKED)


@pytest.fixture(scope="module")
def services():
    """Skips where they are none of this machine's; in the end they run."""
    folder = os.environ.get("MESHOP_STACK_DIR", "")
    if not folder:
        pytest.skip("this test kills AI services: run python -m tools.testbed --stack")
    made = Services(stack_existing(StackConfig(folder=Path(folder))))
    yield made
    made.start()


@pytest.fixture(scope="class")
def dead(services):
    """Killed before the tests of a class; the next test that needs them starts them."""
    services.kill()


@pytest.fixture
def alive(services):
    services.start()


class Questions:
    """The questions that reach a service, and who answered each."""

    def __init__(self, person: Person, staff: Person, product: dict) -> None:
        self._person, self._staff, self._product = person, staff, product
        self._words = itertools.cycle(
            ["blue mug", "warm blanket", "garden chair", "desk lamp", "steel bottle"]
        )
        self._picture = encoded(pictures.drawing(unique("asked")).resize((120, 120)), "JPEG")

    def ask(self, name: str) -> str:
        """Ask; ``fallback`` or what else the answer says of itself."""
        answer = self._send(name)
        body = ok(answer)
        if name == "semantic_search":
            return "model" if body["mode"] == "hybrid" else "fallback"
        return str(body["source"])

    def _send(self, name: str) -> httpx.Response:
        if name == "recommendations":
            return self._person.get("recommendations/", viewed=self._product["id"], limit=5)
        if name == "semantic_search":
            return self._person.get("search/", search=next(self._words), facets="false", page_size=5)
        if name == "demand_forecasting":
            return self._staff.get("analytics/forecast/", search=self._product["sku"])
        if name == "visual_recognition":
            files = {"image": ("a.jpg", self._picture)}
            return self._person.send("POST", "products/visual-search/", files=files, data={"text": "mug"})
        return self._person.post("chat/", {"message": next(self._words)})

    def everywhere(self, source: str) -> bool:
        """Ask all of them: whether exactly those that answer are not the fallback."""
        return {name: self.ask(name) == "fallback" for name in SPOKEN} == dict.fromkeys(
            SPOKEN, source == "fallback"
        )

    def p95(self, rounds: int) -> dict[str, float]:
        """Milliseconds by name, of ``rounds`` questions each."""
        times: dict[str, list[float]] = {name: [] for name in SPOKEN}
        for _ in range(rounds):
            for name in SPOKEN:
                began = time.perf_counter()
                self.ask(name)
                times[name].append(1000 * (time.perf_counter() - began))
        return {name: statistics.quantiles(values, n=20)[-1] for name, values in times.items()}


@pytest.fixture
def questions(services, staff, customer):
    """Somebody in a shop whose services have something to say."""
    shelf = [staff.add_product(), *customer.products(page_size=99, in_stock="true")]
    services.teach(list({product["sku"]: None for product in shelf}))
    staff.add_image(shelf[0])
    customer.order(shelf[0])
    return Questions(customer, staff, shelf[0])


@pytest.mark.timeout(600)
def test_killed_in_the_middle_nobody_fails_and_breakers_open_and_heal(services, alive, questions, capsys):
    """Each answer is a 200, before, at the very moment, and after; times are told, not judged."""

    def healthy(what: str) -> None:
        """A breaker closes by a question that is answered, in whichever process it opened: many at once reach all."""
        wait_until(
            lambda: all(at_once([lambda: questions.everywhere("service")] * 4)) and not services.open_breakers(),
            timeout_s=120, every_s=0.2, what=what,
        )  # fmt: skip

    healthy(what="all answer")
    before = questions.p95(ROUNDS)

    services.kill()
    killed = time.perf_counter()
    assert questions.everywhere("fallback")
    opened = {}
    while set(opened) != set(ASKED):
        assert time.perf_counter() - killed < 30, f"open: {sorted(opened)}"
        for name in ASKED:
            assert questions.ask(name) == "fallback"
        for name in services.open_breakers():
            opened.setdefault(name, time.perf_counter() - killed)
    without = questions.p95(ROUNDS)

    services.start()
    started = time.perf_counter()
    healthy(what="all answer again")
    with capsys.disabled():
        ratios = {name: f"{without[name]:.0f}/{before[name]:.0f} ms" for name in SPOKEN}
        print(
            f"\np95 without/with the services: {ratios}"
            f"; breakers open after {max(opened.values()):.2f} s"
            f"; healed {time.perf_counter() - started:.1f} s after the services were ready"
        )


@pytest.mark.usefixtures("dead")
class TestFallbacks:
    """Who answers when no service does, and with what."""

    def test_recommendations_are_best_sellers_and_what_is_new(self, staff, guest):
        staff.add_product()
        answer = ok(guest.get("recommendations/", limit=5))
        assert (answer["source"], answer["model"]) == ("fallback", None)
        assert {one["reason"]["kind"] for one in answer["results"]} <= {"bestseller", "new"}
        assert answer["results"]

    @pytest.mark.parametrize("kind", ["similar", "together"])
    def test_similar_are_best_sellers_of_the_category(self, staff, guest, kind):
        category = staff.add_category()
        product, other = (staff.add_product(category_id=category["id"]) for _ in range(2))
        answer = ok(guest.get(f"products/{product['id']}/recommendations/", kind=kind, limit=3))
        assert answer["source"] == "fallback"
        assert answer["results"][0]["product"]["id"] == other["id"]

    def test_a_search_is_one_by_words(self, staff, guest, brand):
        made = staff.add_product(name="Copper colander", brand=brand)
        answer = guest.get("products/", search="copper colander", brand=brand)
        assert answer.headers["x-search-mode"] == "lexical"
        assert ids(ok(answer)["results"]) == [made["id"]]

    def test_a_photo_finds_by_its_text_and_category(self, staff, guest):
        category = staff.add_category()
        made = staff.add_product(name="Copper colander", category_id=category["id"])
        sent = {"image": ("a.png", encoded(pictures.drawing(3), "PNG"))}
        asked = {"text": "copper colander", "category": category["slug"]}
        answer = ok(guest.send("POST", "products/visual-search/", files=sent, data=asked))
        assert answer["source"] == "fallback"
        assert [one["product"]["id"] for one in answer["results"]] == [made["id"]]

    def test_a_picture_is_not_checked_and_can_be_uploaded(self, staff):
        sent = encoded(pictures.drawing(4), "PNG")
        answer = ok(staff.send("POST", "products/image-check/", files={"image": ("a.png", sent)}))
        assert (answer["source"], answer["duplicates"]) == ("fallback", [])
        ok(staff.upload(staff.add_product(), sent), 201)

    def test_the_assistant_is_a_search(self, staff, guest):
        word = unique("Quelm").replace("-", "")
        made = staff.add_product(name=f"{word} footstool", price="31.00")
        answer = ok(guest.post("chat/", {"message": f"{word} footstool"}))
        assert answer["source"] == "fallback"
        assert f"/api/products/{made['id']}/" in [citation["url"] for citation in answer["citations"]]


@pytest.mark.usefixtures("dead")
class TestRecommendationsWithoutAi(discovery.TestRecommendations):
    """As with it."""


@pytest.mark.usefixtures("dead")
class TestSearchingWithoutAi(discovery.TestSearching):
    """As with it."""


@pytest.mark.usefixtures("dead")
class TestAssistantWithoutAi(discovery.TestAssistant):
    """As with it."""


@pytest.mark.usefixtures("dead")
class TestChatFormWithoutAi(chatbot.TestForm):
    """As with it, but for what only the assistant does."""

    test_a_guest_fills_a_cart = None


@pytest.mark.usefixtures("dead")
class TestUploadsWithoutAi(pictures.TestUploads):
    """As with it."""


@pytest.mark.usefixtures("dead")
class TestSearchWithoutAi(search.TestSearch):
    """Words find what they find."""


@pytest.mark.usefixtures("dead")
class TestBuyingWithoutAi(checkout.TestFromTheCart):
    """Carts become orders."""


@pytest.mark.usefixtures("dead")
class TestForecastsWithoutAi(forecasts.TestForecasts):
    """Past sales, or the last forecasts, stand in."""


@pytest.mark.usefixtures("dead")
class TestProposalsWithoutAi(forecasts.TestProposals):
    """As with it."""


@pytest.mark.usefixtures("dead")
class TestFraudWithoutAi(decisions.TestFraud):
    """Rules send what is large to people; checkout goes on."""


@pytest.mark.usefixtures("dead")
class TestPricingWithoutAi(decisions.TestPricing):
    """Prices stay, and people change them."""
