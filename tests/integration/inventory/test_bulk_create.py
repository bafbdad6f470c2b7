from functools import partial

import pytest

from apps.inventory.models import StockItem, StockMovement
from apps.inventory.selectors import stock_drift_list
from apps.inventory.services import stock_item_create, stock_items_bulk_create
from tests.support.threads import run_together


@pytest.mark.django_db
def test_each_unit_gets_a_ledger_that_explains_its_level():
    ids = stock_items_bulk_create(quantities={"A": 3, "B": 0}, reference="delivery 7")
    assert {item.sku: (item.pk, item.on_hand, item.reserved) for item in StockItem.objects.all()} == {
        "A": (ids["A"], 3, 0),
        "B": (ids["B"], 0, 0),
    }
    movements = StockMovement.objects.values_list("stock_item_id", "kind", "quantity", "reference")
    assert list(movements) == [(ids["A"], "receipt", 3, "delivery 7")]
    assert not stock_drift_list()


@pytest.mark.django_db
def test_a_unit_that_has_a_ledger_keeps_its_level():
    old = stock_item_create(sku="A", quantity=5)
    ids = stock_items_bulk_create(quantities={"A": 3, "B": 1})
    assert ids["A"] == old.pk
    assert StockItem.objects.get(sku="A").on_hand == 5
    assert not stock_drift_list()


@pytest.mark.django_db
def test_nothing_is_nothing():
    assert stock_items_bulk_create(quantities={}) == {}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_agree():
    skus = [f"S{number:04d}" for number in range(500)]
    forwards = partial(stock_items_bulk_create, quantities=dict.fromkeys(skus, 1))
    backwards = partial(stock_items_bulk_create, quantities=dict.fromkeys(reversed(skus), 2))
    first, second = run_together([forwards, backwards])
    assert first == second
    assert len(first) == StockItem.objects.count() == 500
    assert not stock_drift_list()
