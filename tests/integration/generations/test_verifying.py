"""A generation that is not right is not put to use; the one that is searched is left alone; there is a way back."""

import pytest

from apps.products.models import Product
from apps.search.documents import documents_of
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.errors import EngineUnavailable, GenerationBroken, GenerationRefused
from apps.search.generations import building
from apps.search.generations.building import Pace, generation_build
from apps.search.generations.journal import generation_get
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.retiring import generation_abort, generation_delete
from apps.search.generations.running import generation_run
from apps.search.generations.swapping import generation_rollback, generation_swap
from apps.search.generations.verifying import generation_verify
from meshop_shared.errors import NotFound
from tests.support.generations import call_update, pks, stored

OPTIONS = PlanOptions(shards=2)


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
