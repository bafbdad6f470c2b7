"""Each phase does its part, says so, and may be repeated."""

from datetime import timedelta

import orjson
import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.products.models import Product
from apps.search.errors import GenerationBusy, GenerationRefused
from apps.search.generations import building
from apps.search.generations.building import generation_build
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.journal import generation_get
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.retiring import generations_expire
from apps.search.generations.running import generation_run
from apps.search.generations.swapping import generation_rollback, generation_swap
from apps.search.generations.verifying import generation_verify
from apps.search.locks import search_lock
from apps.search.models import DirtyProduct, DirtyVector
from apps.search.vectors.freshness import vectors_catch_up
from tests.support.delivery import events_deliver
from tests.support.factories import product_make
from tests.support.generations import call_deleted, call_update, pks, stored
from tests.support.threads import run_together

OPTIONS = PlanOptions(shards=2)


def test_all_phases_lead_from_nothing_to_a_search(both, catalogue):
    text, vectors = both
    lines = []
    live = generation_run(name="g1", options=OPTIONS, report=lambda **line: lines.append(line))
    assert [line["phase"] for line in lines if line["phase"] != "build"] == [
        "plan", "catch_up", "verify", "catch_up", "swap", "catch_up", "keep",
    ]  # fmt: skip
    assert (live.state, text.active(), vectors.active()) == ("live", "g1", "g1")
    assert stored(text, "g1") == stored(vectors, "g1") == pks(catalogue)
    verified = next(line for line in lines if line["phase"] == "verify")
    assert verified["passed"]
    assert verified["golden"] == {"queries": 7, "sku_first": 1.0, "name_in_ten": 1.0, "nearest_itself": 1.0}
    assert all(orjson.dumps(line, default=str) for line in lines)


def test_the_next_generation_replaces_the_first_which_is_kept_and_goes_when_its_time_is_over(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    generation_run(name="g2")
    assert (text.active(), vectors.active()) == ("g2", "g2")
    assert generation_get("g1").state == "kept"
    assert text.generations() == vectors.generations() == ["g1", "g2"]
    assert generations_expire() == []
    IndexGeneration.objects.filter(name="g1").update(keep_until=timezone.now() - timedelta(seconds=1))
    assert generations_expire() == ["g1"]
    assert text.generations() == vectors.generations() == ["g2"]
    assert generation_get("g1").state == "deleted"


def test_without_qdrant_there_is_text_only_and_the_plan_says_so(text, catalogue):
    lines = []
    generation_run(name="g1", report=lambda **line: lines.append(line))
    assert lines[0]["stores"] == ["text"]
    assert lines[0]["vectors"] == "none: QDRANT_URL is not set"
    assert text.active() == "g1"


def test_vectors_may_join_later_and_leave_by_going_back(both, catalogue, settings):
    text, vectors = both
    with_both = settings.MESHOP
    settings.MESHOP = with_both.model_copy(update={"qdrant_url": ""})
    generation_run(name="g1")
    settings.MESHOP = with_both
    generation_run(name="g2")
    assert vectors.active() == "g2"
    generation_rollback()
    assert (text.active(), vectors.active()) == ("g1", None)


def test_without_elasticsearch_there_is_nothing_to_build(db, settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"elasticsearch_url": ""})
    with pytest.raises(GenerationRefused, match="ELASTICSEARCH_URL is not set"):
        generation_plan()


def test_an_index_that_the_journal_does_not_know_is_adopted_and_kept(text, catalogue):
    text.create("old")
    text.point("old", previous=None)
    generation_run(name="g1")
    assert generation_get("old").state == "kept"
    generation_rollback()
    assert text.active() == "old"
    assert stored(text, "old") == pks(catalogue)


def test_one_generation_at_a_time_is_on_its_way(text, catalogue):
    generation_plan(name="g1")
    with pytest.raises(GenerationRefused) as refused:
        generation_plan(name="g2")
    assert refused.value.extra == {"generation": "g1", "state": "planned"}
    with pytest.raises(IntegrityError):
        IndexGeneration.objects.create(name="g2")


def test_every_phase_may_be_repeated(both, catalogue):
    text, vectors = both
    for _ in range(2):
        generation_plan(name="g1", options=OPTIONS)
    for _ in range(2):
        generation_build(name="g1")
    for step in (generation_catch_up, generation_verify, generation_swap, generation_catch_up):
        step(name="g1")
        step(name="g1")
    generation_build(name="g1")
    assert generation_get("g1").state == "live"
    assert (text.active(), vectors.active()) == ("g1", "g1")
    assert sum(shard.documents for shard in generation_get("g1").shards.filter(store="text")) == 7


def test_parts_are_built_apart_by_whoever_comes(both, catalogue):
    text, vectors = both
    generation_plan(name="g1", options=OPTIONS)
    generation_build(name="g1", shard=1, store="text")
    assert generation_get("g1").state == "planned"
    text.refresh("g1")
    half = stored(text, "g1")
    assert 0 < len(half) < 7
    assert stored(vectors, "g1") == []
    run_together([lambda: generation_build(name="g1", shard=0), lambda: generation_build(name="g1", shard=1)])
    assert generation_get("g1").state == "built"
    assert stored(text, "g1") == stored(vectors, "g1") == pks(catalogue)


def test_a_part_is_built_by_one_process_at_a_time(text, catalogue):
    generation_plan(name="g1")
    with search_lock("g1 text 0"):
        (answer,) = run_together([lambda: generation_build(name="g1")])
    assert isinstance(answer, GenerationBusy)


def test_a_build_goes_on_where_it_was(text, catalogue, monkeypatch):
    monkeypatch.setattr(building, "PIECE", 2)
    generation_plan(name="g1")
    write, written = text.write, []

    def write_twice_then_die(generations, rendered):
        if len(written) == 2:
            raise OSError("the network is gone")
        written.append(sorted(rendered.documents))
        return write(generations, rendered)

    monkeypatch.setattr(text, "write", write_twice_then_die)
    with pytest.raises(OSError, match="the network is gone"):
        generation_build(name="g1")
    shard = generation_get("g1").shards.get()
    assert shard.position == pks(catalogue)[3]
    assert shard.documents == 4
    monkeypatch.setattr(
        text, "write", lambda *args: written.append(sorted(args[1].documents)) or write(*args)
    )
    generation_build(name="g1")
    assert [pk for batch in written for pk in batch] == pks(catalogue)
    assert generation_get("g1").state == "built"


def test_an_empty_catalogue_has_an_index_too(text):
    assert generation_run(name="g1").state == "live"
    assert text.count("g1") == 0


def test_what_changes_during_the_build_is_in_every_generation_afterwards(both, catalogue):
    """Events that no consumer has seen yet: the phase reads the outbox itself."""
    text, vectors = both
    generation_run(name="g1")
    generation_plan(name="g2")
    generation_build(name="g2")
    kettle, table, *_ = catalogue
    call_update(kettle.pk, name="Copper teapot", is_active=True)
    Product.objects.filter(pk=table.pk).delete()
    call_deleted(table)
    new = product_make(name="Tin box")
    call_update(new.pk, name="Tin box with a lid")
    generation_catch_up(name="g2")
    for generation in ("g1", "g2"):
        found = text.documents(generation, [kettle.pk, table.pk, new.pk])
        assert {pk: one["name"] for pk, one in found.items()} == {
            kettle.pk: "Copper teapot",
            new.pk: "Tin box with a lid",
        }
        assert table.pk not in stored(vectors, generation)
        assert new.pk in stored(vectors, generation)
    assert not DirtyProduct.objects.exists()
    assert not DirtyVector.objects.exists()


def test_consumers_write_to_every_generation_of_both_stores(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    generation_plan(name="g2")
    call_update(catalogue[0].pk, price_minor=4_242)
    events_deliver()
    assert vectors_catch_up() == 1
    for generation in ("g1", "g2"):
        assert text.documents(generation, [catalogue[0].pk])[catalogue[0].pk]["price_minor"] == 4_242
        assert stored(vectors, generation)[0] == catalogue[0].pk
