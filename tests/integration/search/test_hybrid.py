"""Words and meaning join, filters hold, and nothing is lost when the service is."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.products.services.categories import category_create
from apps.search import hybrid
from apps.search.models import QueryRule
from tests.support.ai_server import AiServer, ai_configured
from tests.support.api import client_of
from tests.support.factories import product_make

MODEL = {"name": "semantic_search", "version": "test", "digest": "0" * 64}
FUSION = {"lexical": 0.2, "depth": 5.0, "least": 0.35, "extra": 30}


@pytest.fixture
def service(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The semantic search, configured and running."""
    with ai_configured(monkeypatch, "semantic_search", ai_deadline_ms=2_000) as running:
        yield running


def says(service: AiServer, *hits: tuple[Any, float], **more: Any) -> None:
    def answer(question: dict[str, Any]) -> dict[str, Any]:
        items = [{"product_id": product.pk, "score": score} for product, score in hits]
        found = {
            "source": "model", "model": MODEL, "reasons": [], "text": question["text"], "min_price": None,
            "max_price": None, "in_stock": False, "attributes": {}, "complete": False, "exact": None,
            "fusion": FUSION, "items": items,
        }  # fmt: skip
        return found | more

    service.answers["/v1/search"] = answer


def search(query: str, *, mode: str = "hybrid") -> tuple[list[str], dict[str, Any]]:
    response = client_of().get(f"/api/products/?{query}")
    assert response.status_code == 200, response.content
    assert response.headers["X-Search-Mode"] == mode
    body = response.json()
    return [product["sku"] for product in body["results"]], body


def test_meaning_orders_and_fills_what_words_do_not_find(service):
    pillow, cushion = product_make(sku="A", name="Pillow case"), product_make(sku="B", name="Cushion cover")
    far = product_make(sku="C", name="Garden gnome")
    says(service, (cushion, 0.9), (pillow, 0.5), (far, 0.2))
    assert search("search=pillow")[0] == ["B", "A"]
    assert search("search=pillow&mode=lexical", mode="lexical")[0] == ["A"]
    assert search("search=headrest")[0] == ["B", "A"]
    assert search("search=headrest")[1]["count"] == 2


def test_a_complete_match_gets_no_company(service):
    pillow, cushion = product_make(sku="A", name="Pillow case"), product_make(sku="B", name="Cushion cover")
    says(service, (cushion, 0.9), (pillow, 0.5), complete=True)
    assert search("search=pillow")[0] == ["A"]


def test_filters_hold_for_what_meaning_brings(service):
    home = category_create(name="Home")
    cheap = product_make(sku="A", name="Cushion", price_minor=500, category=home)
    dear = product_make(sku="B", name="Throw", price_minor=5_000, category=home)
    hidden = product_make(sku="C", name="Rug", is_active=False)
    gone = product_make(sku="D", name="Mat", stock=0)
    says(service, *((product, 0.9) for product in (hidden, gone, dear, cheap)))
    assert search("search=pillow&max_price=10&in_stock=true")[0] == ["A"]
    assert search(f"search=pillow&category={home.slug}")[0] == ["B", "A"]
    assert set(search("search=pillow")[0]) == {"A", "B", "D"}


def test_what_the_text_asks_for_narrows_unless_the_caller_said_otherwise(service):
    cheap = product_make(sku="A", name="Mug", price_minor=400, attributes={"colour": "Blue"})
    dear = product_make(sku="B", name="Mug", price_minor=900, attributes={"colour": "Red"})
    asked = {"text": "mug", "max_price": "5.00", "reasons": ["a price up to 5.00"]}
    says(service, (cheap, 0.9), (dear, 0.9), **asked)
    assert search("search=mug under 5")[0] == ["A"]
    assert set(search("search=mug under 5&max_price=20")[0]) == {"A", "B"}
    says(service, (cheap, 0.9), (dear, 0.9), text="mug", attributes={"colour": "Red"})
    assert search("search=red colour mug")[0] == ["B"]


@pytest.mark.parametrize("mug_count", [3, 4, 11])
def test_pages_show_everything_once(service, monkeypatch, mug_count):
    monkeypatch.setattr(hybrid, "WINDOW", 4)
    mugs = [product_make(sku=f"M{number}", name="Mug") for number in range(mug_count)]
    cup = product_make(sku="CUP", name="Cup")
    says(service, (mugs[-1], 0.9), (cup, 0.8), (mugs[0], 0.4))
    expected = [*mugs, cup] if mug_count <= 4 else mugs  # who finds plenty gets no company
    for size in (1, 2, 3, 5, 12):
        shown: list[str] = []
        query: str | None = f"search=mug&page_size={size}"
        while query:
            page, body = search(query)
            assert body["count"] == len(expected)
            shown += page
            query = body["next"] and body["next"].partition("?")[2]
        assert len(shown) == len(expected)
        assert set(shown) == {product.sku for product in expected}
    assert client_of().get("/api/products/?search=mug&page=99").json()["code"] == "page_not_found"


@pytest.mark.parametrize(
    "query",
    [
        'search="blue mug"',
        "search=mug -blue",
        "search=SKU-12",
        "search=mug&ordering=price",
        "search=mug&cursor=",
    ],
)
def test_what_means_something_else_stays_with_the_words(service, query):
    product_make(name="Mug")
    search(query, mode="lexical")
    assert service.asked == []


def test_merchandisers_have_the_last_word(service):
    pinned, other = product_make(sku="A", name="Mug"), product_make(sku="B", name="Mug blue")
    QueryRule.objects.create(query="mug", product=pinned, position=1)
    says(service, (other, 0.9))
    assert search("search=mug", mode="lexical")[0][0] == "A"


def test_the_very_sku_is_first(service):
    mug, other = product_make(sku="MUG", name="Beaker"), product_make(sku="B", name="Mug mug mug")
    says(service, (other, 0.99), (mug, 0.1), exact=mug.pk)
    assert search("search=mug")[0][0] == "MUG"


@pytest.mark.parametrize("answer", [{}, {"source": "model"}, {"source": "model", "items": "none"}])
def test_without_an_answer_the_words_alone_are_shown(service, answer):
    product_make(sku="A", name="Mug")
    service.answers["/v1/search"] = answer
    assert search("search=mug", mode="lexical")[0] == ["A"]


def test_a_catalogue_that_is_not_there_yet_changes_nothing(service):
    product_make(sku="A", name="Mug")
    says(service)
    assert search("search=mug", mode="lexical")[0] == ["A"]


def test_an_unknown_mode_is_refused(service):
    refused = client_of().get("/api/products/?search=mug&mode=magic")
    assert (refused.status_code, list(refused.json()["extra"]["fields"])) == (400, ["mode"])
