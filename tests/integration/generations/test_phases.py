"""Each phase does its part, says so, and may be repeated."""

from datetime import timedelta

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.events import event_emit
from apps.products.models import Product
from apps.products.services.products import product_update
from apps.search.documents import documents_of
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.errors import EngineUnavailable, GenerationBroken, GenerationBusy, GenerationRefused
from apps.search.generations import building
from apps.search.generations.building import Pace, generation_build
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.journal import generation_get
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.retiring import generation_abort, generation_delete, generations_expire
from apps.search.generations.running import generation_resume, generation_run, generations_status
from apps.search.generations.swapping import generation_rollback, generation_swap
from apps.search.generations.verifying import generation_verify
from apps.search.locks import search_lock
from apps.search.models import DirtyProduct, DirtyVector
from apps.search.vectors.freshness import vectors_catch_up
from meshop_shared.errors import NotFound
from tests.support.delivery import events_deliver
from tests.support.factories import product_make
from tests.support.threads import run_together

OPTIONS = PlanOptions(shards=2)


def pks(products):
    return sorted(product.pk for product in products)


def stored(store, generation):
    return store.ids_after(generation, 0, limit=100)


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


def call_update(pk, **data):
    product_update(product_id=pk, data=data)


def call_deleted(product):
    with transaction.atomic():
        event_emit(
            type="product.deleted",
            aggregate=f"product:{product.pk}",
            payload={"product_id": product.pk, "sku": product.sku, "slug": product.slug},
        )


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


@pytest.mark.parametrize("fault", ["missing", "left over", "other content", "vector missing"])
def test_a_generation_with_a_fault_that_stays_is_not_put_to_use(both, catalogue, monkeypatch, fault):
    text, vectors = both
    generation_plan(name="g1")
    generation_build(name="g1")
    broken = vectors if fault == "vector missing" else text
    pk = catalogue[3].pk
    honest = broken.fingerprints
    if fault in ("missing", "vector missing"):
        monkeypatch.setattr(
            broken,
            "ids_after",
            lambda *a, **k: [x for x in type(broken).ids_after(broken, *a, **k) if x != pk],
        )
        monkeypatch.setattr(
            broken, "fingerprints", lambda g, ids: {k: v for k, v in honest(g, ids).items() if k != pk}
        )
    elif fault == "left over":
        monkeypatch.setattr(
            broken, "ids_after", lambda *a, **k: [*type(broken).ids_after(broken, *a, **k), 10**9]
        )
        monkeypatch.setattr(broken, "fingerprints", lambda g, ids: {**honest(g, ids), 10**9: "x"})
    else:
        monkeypatch.setattr(broken, "fingerprints", lambda g, ids: {**honest(g, ids), pk: "x"})
    with pytest.raises(GenerationBroken) as found:
        generation_verify(name="g1")
    assert set(found.value.extra) == {broken.name}
    assert generation_get("g1").state == "built"
    with pytest.raises(GenerationRefused):
        generation_swap(name="g1")


def test_what_is_only_late_is_mended_while_verifying(both, catalogue):
    text, vectors = both
    generation_plan(name="g1")
    generation_build(name="g1")
    Product.objects.filter(pk=catalogue[0].pk).update(name="Told to nobody")
    Product.objects.filter(pk=catalogue[1].pk).delete()
    assert generation_verify(name="g1").state == "verified"
    assert text.documents("g1", [catalogue[0].pk])[catalogue[0].pk]["name"] == "Told to nobody"
    assert catalogue[1].pk not in stored(vectors, "g1")


def test_a_mapping_that_finds_nothing_fails_the_golden_queries(text, catalogue, monkeypatch):
    generation_plan(name="g1")
    generation_build(name="g1")
    monkeypatch.setattr(ElasticProductSearch, "search", lambda self, asked: Nothing)
    with pytest.raises(GenerationBroken) as found:
        generation_verify(name="g1")
    assert found.value.extra == {"golden": {"sku_first": 0.0, "name_in_ten": 0.0}}


class Nothing:
    ids: tuple[int, ...] = ()


def test_going_back_brings_the_old_generation_up_to_date_first(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    generation_run(name="g2")
    call_update(catalogue[0].pk, name="Changed since")
    generation_rollback()
    assert (text.active(), vectors.active()) == ("g1", "g1")
    assert (generation_get("g1").state, generation_get("g2").state) == ("live", "kept")
    assert text.documents("g1", [catalogue[0].pk])[catalogue[0].pk]["name"] == "Changed since"
    with pytest.raises(GenerationRefused, match="no kept generation"):
        generation_rollback()


def test_the_live_generation_is_never_deleted(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    for give_up in (generation_delete, generation_abort):
        with pytest.raises(GenerationRefused):
            give_up(name="g1")
    IndexGeneration.objects.filter(name="g1").update(state="kept")  # a journal that is wrong
    with pytest.raises(GenerationRefused, match="is searched"):
        generation_delete(name="g1")
    assert text.active() == vectors.active() == "g1"


def test_giving_up_leaves_what_is_searched_alone(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    generation_plan(name="g2")
    generation_build(name="g2")
    generation_abort(name="g2")
    generation_abort(name="g2")
    assert text.generations() == vectors.generations() == ["g1"]
    assert generation_get("g2").state == "deleted"
    assert generation_run(name="g3").state == "live"


def test_a_swap_that_fails_halfway_is_undone(both, catalogue, monkeypatch):
    text, vectors = both
    generation_run(name="g1")
    generation_plan(name="g2")
    generation_build(name="g2")
    generation_verify(name="g2")

    def refuse(*_args, **_kwargs):
        raise LookupError("somebody moved it")

    with monkeypatch.context() as outage:
        outage.setattr(text, "point", refuse)
        with pytest.raises(GenerationRefused, match="searches go where they went before"):
            generation_swap(name="g2")
    assert (text.active(), vectors.active()) == ("g1", "g1")
    assert (generation_get("g1").state, generation_get("g2").state) == ("live", "verified")
    assert generation_swap(name="g2").state == "live"


def test_an_alias_that_somebody_moved_stops_the_swap(both, catalogue):
    text, vectors = both
    generation_run(name="g1")
    generation_plan(name="g2")
    generation_build(name="g2")
    generation_verify(name="g2")
    vectors.unpoint("g1")
    with pytest.raises(GenerationRefused) as refused:
        generation_swap(name="g2")
    assert refused.value.extra == {"store": "vectors", "found": None, "expected": "g1"}
    assert text.active() == "g1"
    assert generation_get("g2").state == "verified"


def test_a_late_write_to_a_deleted_generation_makes_no_index(text, catalogue):
    generation_run(name="g1")
    generation_plan(name="g2")
    late = documents_of(pks(catalogue))
    generation_abort(name="g2")
    with pytest.raises(EngineUnavailable):
        text.write(["g2"], late)
    assert text.generations() == ["g1"]


def test_the_rate_is_kept(monkeypatch):
    slept = []
    monkeypatch.setattr(building.time, "sleep", slept.append)
    pace = Pace(100)
    pace.take(50)
    assert slept == [pytest.approx(0.5, abs=0.1)]
    Pace(0).take(10**9)
    assert len(slept) == 1


def test_unknown_names_are_said_to_be_unknown(db):
    with pytest.raises(NotFound):
        generation_build(name="g9")


def test_the_command_runs_everything_and_prints_json_lines(both, catalogue, capsys):
    text, _ = both
    call_command("catalog_reindex", "--generation", "g1", "--shards", "2")
    lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["phase"] == "keep"
    assert text.active() == "g1"
    call_command("catalog_reindex", "--status")
    status = orjson.loads(capsys.readouterr().out)
    assert status["active"] == {"text": "g1", "vectors": "g1"}
    assert status["generations"][0]["state"] == "live"
    call_command("catalog_reindex", "--resume")
    assert orjson.loads(capsys.readouterr().out)["phase"] == "resume"


def test_the_command_runs_single_phases(both, catalogue, capsys):
    for arguments in (
        ("plan", "--shards", "2"),
        ("build", "--shard", "0/2"),
        ("build", "--shard", "1/2"),
        ("catch_up",),
        ("verify",),
        ("swap",),
        ("keep",),
    ):
        call_command("catalog_reindex", "--generation", "g1", "--phase", *arguments)
    assert generation_get("g1").state == "live"
    capsys.readouterr()
    with pytest.raises(CommandError, match="not in a state"):
        call_command("catalog_reindex", "--phase", "delete", "--generation", "g1")
    assert orjson.loads(capsys.readouterr().out)["error"] == "generation_refused"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--phase", "build"), "needs --generation"),
        (("--phase", "build", "--generation", "g1", "--shard", "2/2"), "--shard is I/N"),
        (("--phase", "build", "--generation", "g1", "--shard", "x"), "--shard is I/N"),
        (("--shards", "0"), "--shards is 1 to 1000"),
        (("--rate", "-1"), "no number is negative"),
        (("--phase", "plan", "--generation", "G 1"), "not valid"),
    ],
)
def test_the_command_refuses_nonsense(text, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("catalog_reindex", *arguments)


def test_status_names_what_nobody_knows(both, catalogue):
    _, vectors = both
    generation_run(name="g1")
    vectors.create("stray")
    assert generations_status()["unknown"] == {"vectors": ["stray"]}


def test_resuming_goes_on_from_every_state(both, catalogue):
    text, _ = both
    generation_plan(name="g1", options=OPTIONS)
    generation_build(name="g1", shard=0)
    assert generation_resume().state == "live"
    assert text.active() == "g1"
    assert generation_resume() is None
