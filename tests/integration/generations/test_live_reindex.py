"""Nobody notices a reindex: not who searches, not who writes. Speed is judged by ``make bench-reindex``."""

import time

from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.running import generation_run
from apps.search.generations.swapping import generation_rollback
from apps.search.generations.verifying import content_differences, id_differences
from tests.support.factories import product_make
from tests.support.live_shop import LiveShop
from tests.support.search import elastic_for_tests

PRODUCTS = 60
#: Not a promise about speed: a busy machine may take its time, but must not lose a change.
STALE_S = 60.0


def test_searches_and_writes_go_on_through_two_reindexes_and_a_way_back(both):
    text, vectors = both
    for _ in range(PRODUCTS):
        product_make()
    generation_run(name="g1")
    with LiveShop(elastic_for_tests(), text.alias, writes_per_second=20) as shop:
        for name in ("g2", "g3"):
            before = shop.searches
            generation_run(name=name)
            while shop.searches < before + 4:
                time.sleep(0.01)
        generation_rollback()
    generation_catch_up(name="g2")
    for store in both:
        for generation in ("g1", "g2", "g3"):
            store.refresh(generation)
            ids = store.ids_after(generation, 0, limit=1_000)
            assert id_differences(store, generation) == content_differences(store, generation, ids) == set()
    assert (text.active(), vectors.active()) == ("g2", "g2")
    assert shop.failed == shop.partial == []
    assert shop.writes > 20
    assert shop.stalest_s < STALE_S
