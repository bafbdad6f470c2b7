"""The process dies by SIGKILL at each boundary of each phase. Searches go on, and another process finishes or gives up.

Whatever happens, both aliases point to a generation that is there and whole, and what is searched is never deleted.
"""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.products.models import Product
from apps.search.generations import golden
from apps.search.generations.journal import generation_get, generation_live, generation_open
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions
from apps.search.generations.retiring import generation_abort, generations_expire
from apps.search.generations.running import generation_resume, generation_run
from apps.search.generations.swapping import generation_rollback
from apps.search.services.indexing import index_catch_up
from tests.support.forks import die_at
from tools.paths import BACKEND

BUILD = (
    "reindex.planned", "reindex.place_made", "reindex.piece_written", "reindex.piece_noted", "reindex.finished",
    "reindex.built", "reindex.events_marked", "reindex.caught_up", "reindex.compared", "reindex.verified",
)  # fmt: skip
SWAP = ("reindex.swap_intended", "reindex.vectors_moved", "reindex.text_moved", "reindex.swapped")
UNDO = ("reindex.alias_back",)
DELETE = ("reindex.deleting", "reindex.gone")
#: One of each state that can be given up.
GIVEN_UP = ("reindex.place_made", "reindex.piece_written", "reindex.built", "reindex.verified", *SWAP[:3])
OPTIONS = PlanOptions(shards=2)


@pytest.fixture
def shop(both, catalogue):
    """A live generation of everything."""
    generation_run(name="g1")
    return both


def test_every_failpoint_of_generations_is_in_the_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps" / "search" / "generations").rglob("*.py"))
    named = set(re.findall(r'failpoint\("([^"]+)"\)', source))
    assert named == {*BUILD, *SWAP, *UNDO, *DELETE}


def assert_searches_work(shop) -> None:
    """Each alias leads to something whole, and what is searched by the name of a product finds it."""
    ids = sorted(Product.objects.values_list("pk", flat=True))
    for store in shop:
        active = store.active()
        assert active in ("g1", "g2")
        assert store.ids_after(active, 0, limit=100) == ids
    by_sku, by_name = golden.text_found(shop[0].active(), list(Product.objects.all()))
    assert (by_sku, by_name) == (1, 1)


def assert_settled(shop, name: str, *, gone: str = "") -> None:
    text, vectors = shop
    assert (text.active(), vectors.active()) == (name, name)
    assert generation_live().name == name
    assert generation_open() is None
    if gone:
        assert generation_get(gone).state == "deleted"
        assert gone not in text.generations() + vectors.generations()
    assert_searches_work(shop)


@pytest.mark.parametrize("place", [*BUILD, *SWAP])
def test_a_reindex_dies_and_another_process_finishes_it(shop, place):
    die_at(place, lambda: generation_run(name="g2", options=OPTIONS))
    assert_searches_work(shop)
    generation_resume()
    assert_settled(shop, "g2")


@pytest.mark.parametrize("place", GIVEN_UP)
def test_a_reindex_dies_and_is_given_up(shop, place):
    die_at(place, lambda: generation_run(name="g2", options=OPTIONS))
    generation_abort(name="g2")
    assert_settled(shop, "g1", gone="g2")


@pytest.mark.parametrize("place", SWAP)
def test_going_back_dies_and_is_finished(shop, place):
    generation_run(name="g2")
    die_at(place, generation_rollback)
    assert_searches_work(shop)
    generation_resume()
    assert_settled(shop, "g1")
    assert generation_get("g2").state == "kept"


def test_undoing_a_swap_dies_and_is_finished(shop, monkeypatch):
    text, _ = shop

    def refuse(*_args, **_kwargs):
        raise LookupError("somebody moved it")

    with monkeypatch.context() as outage:
        outage.setattr(text, "point", refuse)
        die_at(UNDO[0], lambda: generation_run(name="g2"))
    assert_searches_work(shop)
    generation_abort(name="g2")
    assert_settled(shop, "g1", gone="g2")


@pytest.mark.parametrize("place", DELETE)
def test_deleting_dies_and_is_finished(shop, place):
    generation_run(name="g2")
    IndexGeneration.objects.filter(name="g1").update(keep_until=timezone.now() - timedelta(seconds=1))
    die_at(place, generations_expire)
    assert_searches_work(shop)
    index_catch_up()
    generations_expire()
    assert_settled(shop, "g2", gone="g1")


def test_a_first_generation_that_dies_is_searched_when_it_is_finished(both, catalogue):
    text, vectors = both
    for place in ("reindex.built", "reindex.vectors_moved"):
        die_at(place, lambda: generation_run(name="g1") if generation_open() is None else generation_resume())
        assert text.active() is None
    generation_resume()
    assert (text.active(), vectors.active()) == ("g1", "g1")
