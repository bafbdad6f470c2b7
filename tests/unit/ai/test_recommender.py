import numpy as np
import pytest

from recommendations.candidates import purchase_matrix
from recommendations.features import Parameters, catalogue_fit, pool_build
from recommendations.fitting import recommender_fit
from recommendations.histories import Histories
from recommendations.model import Recommender
from recommendations.ranker import pools_of, task_build, teaching_days
from tests.support.shop_history import FIRST_DAY, shop_history

TODAY = FIRST_DAY + 180
PARAMETERS = Parameters(trees=20, leaves=7, neighbours=10, ease_regularisation=20)


@pytest.fixture(scope="module")
def history():
    return shop_history()


@pytest.fixture(scope="module")
def model(history):
    return recommender_fit(history, today=TODAY, seed=1, parameters=PARAMETERS)


def one(history, customer: int = 0) -> Histories:
    return Histories.of_customers(history.until(TODAY), np.array([customer]), today=TODAY)


def taste_of(sku: str) -> int:
    return int(sku) // 100


def test_the_future_is_not_in_the_features(history):
    """Sales after the day change no feature of it, and none of a teaching pool."""
    task = task_build(history, today=TODAY, until=TODAY + 40, repeats=False)
    pools, _ = pools_of(history, today=TODAY, task=task, parameters=PARAMETERS)
    alone, _ = pools_of(history.until(TODAY), today=TODAY, task=task, parameters=PARAMETERS)
    for pool, other in zip(pools, alone, strict=True):
        np.testing.assert_array_equal(pool.items, other.items)
        np.testing.assert_array_equal(pool.features, other.features)


def test_labels_end_where_learning_ends():
    for day, end in teaching_days(0, 300):
        assert 0 < day < end <= 300
    ends = teaching_days(0, 300)
    assert ends[1][1] < ends[0][0]  # labels of an earlier day end before the next one begins
    assert teaching_days(5, 6) == []


def test_the_same_seed_and_data_give_the_same_bytes(history, model):
    again = recommender_fit(history, today=TODAY, seed=1, parameters=PARAMETERS)
    assert again.dumps() == model.dumps()


def test_an_artefact_answers_as_the_model_that_wrote_it(history, model):
    stored = Recommender.loads(model.dumps())
    assert stored.dumps() == model.dumps()
    asked = {"viewed": frozenset(), "excluded": frozenset(), "count": 10}
    assert stored.for_you(one(history), **asked) == model.for_you(one(history), **asked)


def test_other_bytes_are_no_artefact():
    with pytest.raises(ValueError, match=r"."):
        Recommender.loads(b"nothing of the kind")


def test_lists_follow_the_taste_and_leave_out_what_was_bought(history, model):
    hits = total = 0
    for customer in range(60):
        mine = one(history, customer)
        own = frozenset(int(item) for item in mine.item)
        listed = model.for_you(mine, viewed=frozenset(), excluded=own, count=5)
        skus = [model.numbers[item.sku] for item in listed]
        assert not own & set(skus)
        tastes = np.bincount([taste_of(history.skus[item]) for item in mine.item])
        hits += sum(taste_of(item.sku) == int(tastes.argmax()) for item in listed)
        total += len(listed)
    assert hits / total > 0.4  # chance is one in six


def test_what_was_bought_may_come_again(history, model):
    mine = one(history)
    listed = model.for_you(mine, viewed=frozenset(), excluded=None, count=10)
    kinds = {item.kind for item in listed}
    assert "again" in kinds


def test_somebody_without_history_gets_what_sells(history, model):
    nobody = Histories.of_customers(history.until(TODAY), np.array([], dtype=int), today=TODAY)
    nobody = Histories(*[getattr(nobody, f) for f in ("row", "item", "days_ago", "quantity", "price", "basket")],
                       count=1, items=len(history.skus))  # fmt: skip
    listed = model.for_you(nobody, viewed=frozenset(), excluded=frozenset(), count=10)
    assert len(listed) == 10
    assert {item.kind for item in listed} <= {"popular", "trending"}


def test_a_view_is_named_as_the_reason(history, model):
    item = int(np.argmax(np.bincount(history.until(TODAY).item)))
    looked = Histories(
        row=np.zeros(1, int), item=np.array([item]), days_ago=np.zeros(1, np.float32), quantity=np.ones(1),
        price=np.ones(1), basket=np.zeros(1, int), count=1, items=len(history.skus),
    )  # fmt: skip
    listed = model.for_you(looked, viewed=frozenset({item}), excluded=frozenset({item}), count=10)
    because = {one.because for one in listed if one.kind == "viewed"}
    assert because == {history.skus[item]}


def test_an_unknown_article_is_compared_by_its_name(model):
    listed = model.similar("99999", name="GREEN THING NUMBER ZZZ", count=5, excluded=frozenset())
    assert {taste_of(one.sku) for one in listed} == {102}
    assert model.similar("99999", name="", count=5, excluded=frozenset()) == []


def test_together_and_cart_leave_out_what_they_start_from(history, model):
    sku = history.skus[int(np.argmax(np.bincount(history.until(TODAY).item)))]
    listed = model.together(sku, count=5, excluded=frozenset())
    assert listed
    assert sku not in {one.sku for one in listed}
    shut = listed[0].sku
    assert shut not in {one.sku for one in model.together(sku, count=5, excluded=frozenset({shut}))}
    cart = model.cart([sku, shut], count=5, excluded=frozenset())
    assert cart
    assert {sku, shut} & {one.sku for one in cart} == set()
    assert {one.because for one in cart} <= {sku, shut}
    assert model.together("unknown", count=5, excluded=frozenset()) == []
    assert model.cart(["unknown"], count=5, excluded=frozenset()) == []


def test_articles_that_were_not_sold_yet_are_never_candidates(history):
    catalogue = catalogue_fit(history.until(FIRST_DAY + 2), today=FIRST_DAY + 2, parameters=PARAMETERS)
    mine = Histories.of_customers(history.until(FIRST_DAY + 2), np.arange(20), today=FIRST_DAY + 2)
    pool = pool_build(catalogue, mine, excluded=mine.bought())
    sold = np.asarray(purchase_matrix(history.until(FIRST_DAY + 2)).sum(0)).ravel() > 0
    assert sold[pool.items[np.isfinite(pool.blend)]].all()
