"""The stock ledger on a real database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.inventory.errors import InsufficientStock, ReservationLost, StockBelowReserved
from apps.inventory.models import StockItem, StockMovement, StockReservation
from apps.inventory.reservations import reservations_expire, stock_claim, stock_release, stock_reserve
from apps.inventory.selectors import stock_drift_list
from apps.inventory.services import StockLine, stock_item_create, stock_move, stock_set_available

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=30)


def reserve(item: StockItem, quantity: int, reference: str = "order-1", *, after: timedelta = SOON) -> None:
    stock_reserve(
        lines=[StockLine(item.pk, quantity)], reference=reference, expires_at=timezone.now() + after
    )


def levels(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    return item.on_hand, item.reserved


@pytest.fixture(autouse=True)
def _ledger_reconciles(db: None) -> Iterator[None]:
    yield
    assert stock_drift_list() == []


def test_reserve_holds_and_release_gives_back() -> None:
    item = stock_item_create(sku="A", quantity=5)
    reserve(item, 3)
    assert levels(item) == (5, 3)
    stock_release(reference="order-1")
    stock_release(reference="order-1")
    assert levels(item) == (5, 0)


def test_claim_turns_a_reservation_into_a_sale_once() -> None:
    item = stock_item_create(sku="A", quantity=5)
    reserve(item, 3)
    stock_claim(reference="order-1")
    stock_claim(reference="order-1")
    assert levels(item) == (2, 0)
    assert list(StockMovement.objects.order_by("id").values_list("kind", "quantity")) == [
        ("receipt", 5),
        ("sale", -3),
    ]


def test_reserving_is_all_or_nothing_and_names_what_is_short() -> None:
    enough, short = stock_item_create(sku="A", quantity=5), stock_item_create(sku="B", quantity=1)
    with pytest.raises(InsufficientStock) as caught, transaction.atomic():
        stock_reserve(
            lines=[StockLine(enough.pk, 2), StockLine(short.pk, 2)],
            reference="order-1",
            expires_at=timezone.now() + SOON,
        )
    assert caught.value.extra["lines"] == [{"stock_item_id": short.pk, "requested": 2, "available": 1}]
    assert (levels(enough), levels(short)) == ((5, 0), (1, 0))
    assert not StockReservation.objects.exists()


def test_two_lines_of_one_item_count_together() -> None:
    item = stock_item_create(sku="A", quantity=3)
    with pytest.raises(InsufficientStock), transaction.atomic():
        stock_reserve(
            lines=[StockLine(item.pk, 2), StockLine(item.pk, 2)],
            reference="order-1",
            expires_at=timezone.now() + SOON,
        )
    assert levels(item) == (3, 0)


def test_overdue_reservations_do_not_stand_in_the_way() -> None:
    item = stock_item_create(sku="A", quantity=2)
    reserve(item, 2, "late", after=-SOON)
    reserve(item, 2, "prompt")
    assert levels(item) == (2, 2)
    assert dict(StockReservation.objects.values_list("reference", "status")) == {
        "late": "expired",
        "prompt": "live",
    }


def test_live_reservations_do_not_expire() -> None:
    item = stock_item_create(sku="A", quantity=2)
    reserve(item, 2)
    assert reservations_expire(stock_item_ids=[item.pk]) == 0
    assert levels(item) == (2, 2)


def test_claiming_after_expiry_says_so() -> None:
    item = stock_item_create(sku="A", quantity=2)
    reserve(item, 2, "late", after=-SOON)
    reservations_expire(stock_item_ids=[item.pk])
    with pytest.raises(ReservationLost), transaction.atomic():
        stock_claim(reference="late")
    assert levels(item) == (2, 0)


def test_reserved_stock_cannot_be_taken_away() -> None:
    item = stock_item_create(sku="A", quantity=5)
    reserve(item, 3)
    with pytest.raises(StockBelowReserved):
        stock_move(stock_item_id=item.pk, quantity=-3, kind=StockMovement.Kind.ADJUSTMENT)
    stock_move(stock_item_id=item.pk, quantity=-2, kind=StockMovement.Kind.ADJUSTMENT)
    assert levels(item) == (3, 3)


def test_counting_the_shelf_leaves_reservations_alone() -> None:
    item = stock_item_create(sku="A", quantity=5)
    reserve(item, 3)
    stock_set_available(stock_item_id=item.pk, available=10)
    assert levels(item) == (13, 3)
    stock_set_available(stock_item_id=item.pk, available=0)
    assert levels(item) == (3, 3)
    movements = StockMovement.objects.filter(kind="adjustment").order_by("id")
    assert list(movements.values_list("quantity", flat=True)) == [8, -10]


def test_the_database_itself_refuses_to_promise_more_than_there_is() -> None:
    item = stock_item_create(sku="A", quantity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=item.pk).update(reserved=2)


def test_audit_names_the_item_that_drifts(capsys: pytest.CaptureFixture[str]) -> None:
    item = stock_item_create(sku="DRIFTER", quantity=5)
    call_command("stock_audit")
    assert "1 stock items reconcile" in capsys.readouterr().out
    StockItem.objects.filter(pk=item.pk).update(on_hand=6)
    with pytest.raises(CommandError, match="1 stock items do not reconcile"):
        call_command("stock_audit")
    assert "DRIFTER: on_hand 6, movements 5" in capsys.readouterr().out
    StockItem.objects.filter(pk=item.pk).update(on_hand=5)
