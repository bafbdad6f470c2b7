"""Order numbers."""

from apps.orders.numbers import order_number_make


def test_numbers_sort_by_time() -> None:
    moments = [0, 1, 999, 1_700_000_000_000, 1_700_000_000_001, 2**45]
    numbers = [order_number_make(now_ms=moment) for moment in moments]
    assert numbers == sorted(numbers)


def test_numbers_of_one_millisecond_are_unique() -> None:
    assert len({order_number_make(now_ms=1) for _ in range(20_000)}) == 20_000


def test_numbers_have_one_length_and_no_lookalikes() -> None:
    number = order_number_make()
    assert len(number) == 20
    assert not set(number) & set("ILOU")
