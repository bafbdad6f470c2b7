"""Marks while others mark: nobody who works on marks waits, so nothing can be waited for in a circle."""

import pytest
from django.conf import settings
from psycopg import connect

from apps.search.models import DirtyProduct
from apps.search.services.marks import Marks

MARKS = Marks("search_dirtyproduct")
NEITHER_WAITS_NOR_HANGS = "SET lock_timeout = '2s'"


@pytest.fixture
def elsewhere(transactional_db):
    """A connection of another process, in a transaction."""
    own = settings.DATABASES["default"]
    with connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=own["NAME"]
    ) as other:
        yield other


def add(*product_ids: int) -> None:
    MARKS.add("SELECT unnest(%s::bigint[]), 1", [list(product_ids)])


def waiting() -> dict[int, int]:
    return dict(MARKS.claim(10))


@pytest.fixture
def claimed(elsewhere):
    """Marks of products 1, 2 and 3 on which this process works, while another marks 1 and 2 again."""
    add(1, 2, 3)
    claimed = MARKS.claim(10)
    again = (
        "UPDATE search_dirtyproduct SET marks = marks + 1, claimed_until = NULL WHERE product_id IN (1, 2)"
    )
    elsewhere.execute(again)
    return claimed


def test_what_is_being_marked_anew_is_not_waited_for(claimed, elsewhere):
    MARKS._execute(NEITHER_WAITS_NOR_HANGS, [])
    MARKS.remove(claimed)
    assert set(DirtyProduct.objects.values_list("product_id", flat=True)) == {1, 2}
    elsewhere.commit()
    assert waiting() == {1: 2, 2: 2}


def test_nor_when_marks_are_given_back(claimed, elsewhere):
    MARKS._execute(NEITHER_WAITS_NOR_HANGS, [])
    MARKS.release(claimed)
    elsewhere.commit()
    assert waiting() == {1: 2, 2: 2, 3: 1}


def test_a_new_change_can_be_worked_on_at_once(transactional_db):
    add(1)
    first = MARKS.claim(10)
    assert waiting() == {}
    add(1)
    assert waiting() == {1: 2}
    MARKS.remove(first)
    assert waiting() == {1: 2}  # renewed: the first worker has written its earlier change
