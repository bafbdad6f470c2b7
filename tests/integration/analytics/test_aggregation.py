"""What events do to the sums: once, whenever and however often they come."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.analytics.models import (
    CategoryAnalytics,
    DailySales,
    DirtyOrder,
    OrderContribution,
    ProductAnalytics,
    SoldArticle,
    UserActivity,
)
from apps.analytics.services import contributions
from apps.analytics.services.articles import articles_refresh
from apps.analytics.services.backfill import analytics_backfill
from apps.analytics.services.contributions import contributions_refresh, order_mark, orders_catch_up
from apps.core.events import event_message
from apps.core.inbox import event_deliver
from apps.core.models import EventRetry, OutboxEvent
from apps.orders.models import Order
from apps.orders.services.orders import order_cancel, order_expire, order_ship
from apps.payments.models import Refund
from apps.payments.services.refunds import payment_refund
from apps.products.models import Category, Product
from apps.products.services.categories import category_create, category_delete
from apps.products.services.products import product_update
from tests.support.analytics import counted, differing, everything, imported_make, sold_make
from tests.support.factories import product_make, user_make
from tests.support.payments import deliver, order_make, payment_open
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def paid(stripe, **order):
    payment = payment_open(order_make(**order))
    deliver(*stripe.pay(payment.session_id))
    payment.refresh_from_db()
    return payment


def refund(payment, *, amount=None, lines=None):
    return payment_refund(
        payment_id=payment.pk, amount=amount, lines=lines, reason="Broken", actor=user_make(),
        idempotency_key=None, record=lambda made: None,
    )  # fmt: skip


def some(row, **expected):
    assert {name: row[name] for name in expected} == expected


class TestOneOrder:
    def test_placed_is_not_sold(self):
        order = sold_make(until="placed")
        row = counted()
        some(row, placed_orders=1, placed_minor=order.total_minor, orders=0, total_minor=0, units=0)
        assert not ProductAnalytics.objects.exists()

    def test_paid_is(self):
        order = sold_make(prices=(1_000, 250), quantity=3)
        row = counted()
        some(row, orders=1, units=6, subtotal_minor=3_750, total_minor=order.total_minor, placed_orders=1)
        some(row, shipping_minor=order.shipping_minor, shipped_orders=0, cancelled_orders=0)
        assert sorted(ProductAnalytics.objects.values_list("units", "revenue_minor")) == [
            (3, 750),
            (3, 3_000),
        ]
        assert UserActivity.objects.get().user_id == order.user_id

    @pytest.mark.parametrize(("until", "shipped", "delivered"), [("shipped", 1, 0), ("delivered", 1, 1)])
    def test_how_far_it_is(self, until, shipped, delivered):
        sold_make(until=until)
        some(counted(), orders=1, shipped_orders=shipped, delivered_orders=delivered)

    @pytest.mark.parametrize("until", ["placed", "paid"])
    def test_cancelled_takes_it_off_its_day(self, until):
        order = sold_make(until=until)
        counted()
        order_cancel(order_id=order.pk, actor=order.user)
        row = counted()
        some(row, orders=0, total_minor=0, units=0, placed_orders=1, cancelled_orders=1)
        some(row, cancelled_minor=order.total_minor)
        assert not ProductAnalytics.objects.exists()

    def test_expired_is_cancelled(self):
        order = sold_make(until="placed")
        Order.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        order_expire(order_id=order.pk)
        some(counted(), cancelled_orders=1, orders=0)

    def test_a_credit_note_of_another_system(self):
        day = datetime(2026, 3, 5, 12, tzinfo=UTC)
        imported_make(("A", 10, 100), ("A", 2, 100), ("B", 1, 50), at=day)
        imported_make(("A", -3, 100), at=day + timedelta(days=2), status="cancelled")
        analytics_backfill(progress=lambda count: None)
        assert differing() == {}
        first, second = DailySales.objects.order_by("day")
        assert (first.orders, first.units, first.total_minor, first.credited_minor) == (1, 13, 1_250, 0)
        assert (second.day, second.orders, second.placed_orders, second.cancelled_orders) == (
            date(2026, 3, 7), 0, 0, 0,
        )  # fmt: skip
        assert (second.credit_notes, second.credited_minor) == (1, 300)
        returned = ProductAnalytics.objects.get(day=second.day)
        assert (returned.lines, returned.returned_units, returned.returned_minor) == (0, 3, 300)
        assert ProductAnalytics.objects.get(day=first.day, article__sku="A").lines == 1


class TestRefunds:
    def test_by_lines_on_its_own_day(self, stripe):
        payment = paid(stripe, prices=(1_000, 500), quantity=2)
        counted()
        item = payment.order.items.order_by("id")[0]
        made = refund(payment, lines=[{"order_item_id": item.pk, "quantity": 1}])
        later = timezone.now() + timedelta(days=9)
        Refund.objects.update(status_at=later)
        row = counted(times=2)
        some(row, day=later.date(), refunds=1, refunded_minor=made.amount_minor, orders=0, total_minor=0)
        back = ProductAnalytics.objects.get(day=later.date())
        assert (back.article.sku, back.returned_units, back.returned_minor) == (item.sku, 1, 1_000)
        assert DailySales.objects.count() == 2

    def test_by_amount_is_of_no_article(self, stripe):
        payment = paid(stripe)
        refund(payment, amount="3.21")
        some(counted(), orders=1, refunds=1, refunded_minor=321)
        assert not ProductAnalytics.objects.exclude(returned_minor=0).exists()

    def test_one_that_fails_afterwards_never_was(self, stripe):
        payment = paid(stripe)
        made = refund(payment, amount="3.21")
        some(counted(), refunds=1)
        Refund.objects.filter(pk=made.pk).update(status="failed")
        order_mark(order_id=payment.order_id)
        orders_catch_up()
        assert differing() == {}
        assert DailySales.objects.get().refunds == 0

    def test_of_a_cancelled_order_gives_back_what_is_no_sale(self, stripe):
        payment = paid(stripe)
        order_cancel(order_id=payment.order_id, actor=payment.order.user)
        counted()
        row = counted()
        assert Refund.objects.filter(status="succeeded").exists()
        some(row, orders=0, total_minor=0, refunds=0, refunded_minor=0, cancelled_orders=1)


class TestWhenever:
    def test_twice_changes_nothing(self):
        """Red if sums counted events: inbox rows are gone here, as after their time."""
        order = sold_make(until="delivered")
        counted(times=3)
        before = everything()
        OutboxEvent.objects.update(published_at=None)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM core_inboxevent WHERE consumer LIKE 'analytics.%'")
        counted(times=2)
        assert everything() == before
        assert contributions_refresh(order_ids=[order.pk]) == 0

    def test_late_and_out_of_turn(self):
        for until in ("placed", "paid", "shipped", "delivered"):
            sold_make(until=until)
        gone = sold_make()
        order_cancel(order_id=gone.pk, actor=gone.user)
        rows = list(OutboxEvent.objects.order_by("id"))
        chance = random.Random(4)
        for _ in range(3):
            chance.shuffle(rows)
            for row in rows:
                event_deliver(consumer="analytics.orders", message=event_message(row))
        assert not EventRetry.objects.exists()
        assert differing() == {}
        assert OrderContribution.objects.count() == 5

    def test_an_event_that_comes_days_later_counts_on_the_day_of_the_order(self):
        order = sold_make()
        Order.objects.filter(pk=order.pk).update(created_at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
        some(counted(), day=date(2026, 1, 31), orders=1)
        assert DailySales.objects.count() == 1

    def test_a_changed_day_moves_everything(self):
        order = sold_make()
        counted()
        Order.objects.filter(pk=order.pk).update(created_at=datetime(2026, 2, 3, 12, tzinfo=UTC))
        order_ship(order_id=order.pk, actor=user_make())
        some(counted(), day=date(2026, 2, 3), orders=1, shipped_orders=1)
        for model in (DailySales, ProductAnalytics, UserActivity, CategoryAnalytics):
            assert set(model.objects.values_list("day", flat=True)) == {date(2026, 2, 3)}

    def test_the_day_is_the_shops(self, settings):
        settings.MESHOP = settings.MESHOP.model_copy(update={"shop_time_zone": "Europe/London"})
        imported_make(("A", 1, 100), at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
        analytics_backfill(progress=lambda count: None)
        assert DailySales.objects.get().day == date(2026, 7, 1)
        settings.MESHOP = settings.MESHOP.model_copy(update={"shop_time_zone": "UTC"})
        assert analytics_backfill(progress=lambda count: None) > 0
        assert DailySales.objects.get().day == date(2026, 6, 30)

    def test_what_a_crash_left_is_swept(self, monkeypatch):
        order = sold_make()
        monkeypatch.setattr("apps.analytics.consumers.orders_catch_up", lambda: 0)
        for row in OutboxEvent.objects.all():
            event_deliver(consumer="analytics.orders", message=event_message(row))
        assert DirtyOrder.objects.count() == 2
        assert not DailySales.objects.exists()
        assert orders_catch_up() == 2
        assert differing() == {}
        assert OrderContribution.objects.get().order_id == order.pk

    def test_a_batch_that_fails_keeps_its_marks(self, monkeypatch):
        sold_make()
        monkeypatch.setattr(contributions, "contributions_refresh", lambda **_: 1 / 0)
        order_mark(order_id=Order.objects.get().pk)
        with pytest.raises(ZeroDivisionError):
            orders_catch_up()
        assert DirtyOrder.objects.count() == 1

    def test_many_writers_at_once(self):
        """Red without the writer's lock: differences are taken against the same old state and added twice."""
        products = [product_make(stock=100) for _ in range(3)]
        day = timezone.now()
        orders = [
            imported_make(*((product.sku, 1, 100) for product in products), at=day, user=user_make())
            for _ in range(12)
        ]
        everyone = [order.pk for order in orders]
        contributions_refresh(
            order_ids=everyone[:1]
        )  # the articles are known: nobody waits for whoever adds them

        def refresh():
            contributions_refresh(order_ids=everyone)

        run_together([refresh] * 8, at_once=8)
        assert differing() == {}
        assert DailySales.objects.get().orders == 12

    def test_marks_of_many_workers_are_all_counted(self):
        orders = [sold_make() for _ in range(6)]
        messages = [event_message(row) for row in OutboxEvent.objects.filter(type__startswith="order.")]
        run_together(
            [lambda m=m: event_deliver(consumer="analytics.orders", message=m) for m in messages * 2],
            at_once=6,
        )
        orders_catch_up()
        assert not EventRetry.objects.exists()
        assert differing() == {}
        assert DailySales.objects.get().orders == len(orders)


class TestCatalogue:
    @pytest.fixture
    def tree(self):
        kitchen = category_create(name="Kitchen")
        return kitchen, category_create(name="Mugs", parent_id=kitchen.pk), category_create(name="Garden")

    def sold_in(self, category):
        order = sold_make()
        product = Product.objects.get(pk=order.items.get().product_id)
        Product.objects.filter(pk=product.pk).update(category=category)
        return product

    def sums(self):
        return dict(CategoryAnalytics.objects.values_list("category_id", "revenue_minor"))

    def test_a_category_counts_what_is_below_it(self, tree):
        kitchen, mugs, _ = tree
        self.sold_in(mugs)
        self.sold_in(kitchen)
        self.sold_in(None)
        counted()
        assert self.sums() == {kitchen.pk: 4_000, mugs.pk: 2_000, None: 2_000}

    def test_an_article_that_moves_takes_its_sales_along(self, tree):
        _, mugs, garden = tree
        product = self.sold_in(mugs)
        counted()
        product_update(product_id=product.pk, data={"category_id": garden.pk, "name": "Rake"})
        counted(times=2)
        assert self.sums() == {garden.pk: 2_000}
        assert SoldArticle.objects.get().name == "Rake"

    def test_a_branch_that_moves(self, tree):
        _, mugs, garden = tree
        self.sold_in(mugs)
        counted()
        Category.objects.move(
            Category.objects.get(pk=mugs.pk), Category.objects.get(pk=garden.pk), "sorted-child"
        )
        assert articles_refresh() == 1
        assert differing() == {}
        assert self.sums() == {garden.pk: 2_000, mugs.pk: 2_000}
        assert articles_refresh() == 0

    def test_a_category_that_goes(self, tree):
        kitchen, mugs, _ = tree
        self.sold_in(mugs)
        counted()
        category_delete(category_ids=[kitchen.pk])
        counted()
        assert differing() == {}
        assert self.sums() == {None: 2_000}

    def test_a_product_that_is_deleted_keeps_its_sales(self, tree):
        product = self.sold_in(tree[1])
        counted()
        product.delete()
        articles_refresh()
        assert differing() == {}
        article = SoldArticle.objects.get()
        assert (article.product_id, article.categories) == (None, [])
        assert ProductAnalytics.objects.get().revenue_minor == 2_000


def test_imported_orders_are_counted_without_being_told_one_by_one(tmp_path):
    file = tmp_path / "retail.csv"
    file.write_text(
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "489434,85048,GLASS BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
        "489434,79323P,CHERRY LIGHTS,2,2009-12-01 07:45:00,6.75,13085.0,United Kingdom\n"
        "C489449,85048,GLASS BALL,-2,2009-12-02 10:33:00,6.95,13085.0,United Kingdom\n"
    )
    call_command("catalog_import", str(file), "--orders", "--rejects", str(tmp_path / "rejects.csv"))
    counted(times=2)
    assert list(
        DailySales.objects.order_by("day").values_list("orders", "total_minor", "credited_minor")
    ) == [(1, 9_690, 0), (0, 0, 1_390)]
