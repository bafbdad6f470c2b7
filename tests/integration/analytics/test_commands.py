"""The commands: one proves, the other makes it so."""

import io

import pytest
from django.core.management import CommandError, call_command

from apps.analytics.models import (
    ArticleContribution,
    CategoryAnalytics,
    DailySales,
    OrderContribution,
    ProductAnalytics,
    UserActivity,
)
from apps.analytics.services.backfill import analytics_backfill
from apps.orders.models import Order, OrderItem
from tests.support.analytics import counted, differing, everything, sold_make

pytestmark = pytest.mark.django_db(transaction=True)


def run(command, *options):
    out = io.StringIO()
    call_command(command, *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def shop():
    for until in ("placed", "paid", "delivered"):
        sold_make(until=until)
    counted()


def test_all_is_well(shop):
    said = run("analytics_reconcile")
    total = sum(Order.objects.values_list("total_minor", flat=True))
    assert f"GBP: 3 orders of {total / 100:.2f}, counted 3 of {total / 100:.2f}" in said
    assert said.endswith("Analytics equal the orders.\n")


def test_a_shop_without_orders_is_fine():
    assert "Analytics equal the orders." in run("analytics_reconcile")


TAMPERED = {
    "a day": lambda: DailySales.objects.update(total_minor=1),
    "a day that is missing": lambda: DailySales.objects.all().delete(),
    "an article": lambda: ProductAnalytics.objects.update(units=77),
    "a category": lambda: CategoryAnalytics.objects.all().delete(),
    "a customer": lambda: UserActivity.objects.update(orders=9),
    "a customer too many": lambda: UserActivity.objects.create(
        day="2026-01-01", currency="GBP", user_id=999_999, orders=1
    ),
    "a contribution and so nothing yet": lambda: Order.objects.update(created_at="2026-01-01T12:00Z"),
    "the lines of an order": lambda: OrderItem.objects.update(quantity=1, line_total_minor=1_000),
    "a currency": lambda: Order.objects.update(currency="EUR"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_what_differs_is_found_and_repaired(what, shop):
    TAMPERED[what]()
    with pytest.raises(CommandError, match="--repair"):
        run("analytics_reconcile")
    said = run("analytics_reconcile", "--repair")
    assert "Repaired" in said
    assert "Analytics equal the orders." in run("analytics_reconcile")
    assert differing() == {}


@pytest.mark.parametrize("model", [OrderContribution, ArticleContribution])
def test_contributions_that_are_wrong_are_found_when_they_matter(model, shop):
    model.objects.all().delete()
    run("analytics_backfill")  # adds what was never taken off
    assert differing()
    assert "Analytics equal" in run("analytics_reconcile", "--repair")
    assert run("analytics_backfill").startswith("0 differences")


def test_backfill_again_changes_nothing(shop):
    before = everything()
    assert run("analytics_backfill").startswith("0 differences")
    assert everything() == before


@pytest.mark.parametrize("batch_size", ["1", "2", "100"])
def test_backfill_from_nothing_is_what_events_made(batch_size, shop):
    keyed = [sorted(model.objects.values_list("day", "currency", "units"))
             for model in (DailySales, ProductAnalytics, UserActivity)]  # fmt: skip
    for model in (DailySales, ProductAnalytics, CategoryAnalytics, UserActivity, OrderContribution,
                  ArticleContribution):  # fmt: skip
        model.objects.all().delete()
    assert not run("analytics_backfill", "--batch-size", batch_size).startswith("0 ")
    assert differing() == {}
    assert keyed == [sorted(model.objects.values_list("day", "currency", "units"))
                     for model in (DailySales, ProductAnalytics, UserActivity)]  # fmt: skip


def test_a_backfill_that_was_killed_goes_on(shop):
    OrderContribution.objects.all().delete()
    ArticleContribution.objects.all().delete()
    for model in (DailySales, ProductAnalytics, CategoryAnalytics, UserActivity):
        model.objects.all().delete()

    class Killed(Exception):
        pass

    def die(count):
        raise Killed

    with pytest.raises(Killed):
        analytics_backfill(progress=die, batch_size=1)
    assert OrderContribution.objects.count() == 1
    run("analytics_backfill")
    assert differing() == {}


def test_an_order_that_is_gone_contributes_nothing(shop):
    gone = Order.objects.order_by("id").last()
    gone.items.all().delete()
    gone.events.all().delete()
    gone.delete()
    assert differing()
    run("analytics_backfill")
    assert differing() == {}
