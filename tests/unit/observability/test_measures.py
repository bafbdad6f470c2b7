"""Measurements that are made when their time has come, whatever becomes of the others."""

import pytest
from prometheus_client import REGISTRY

from apps.core.measures import Measure, Measurer

pytestmark = pytest.mark.unit
MADE = []


def good_measure():
    MADE.append("good")


def bad_measure():
    raise OSError("away")


def test_each_is_made_at_once_and_then_in_its_own_time():
    MADE.clear()
    clock = iter((0.0, 1.0, 4.9, 5.0, 6.0, 10.0))
    measurer = Measurer([Measure(f"{__name__}.good_measure", every_s=5)], clock=lambda: next(clock))
    made = []
    for _ in range(6):
        measurer.run()
        made.append(len(MADE))
    assert made == [1, 1, 1, 2, 2, 3]


def test_one_that_fails_is_counted_and_leaves_the_others_alone():
    MADE.clear()
    Measurer(
        [Measure(f"{__name__}.bad_measure", every_s=5), Measure(f"{__name__}.good_measure", every_s=5)]
    ).run()
    assert MADE == ["good"]
    assert REGISTRY.get_sample_value("meshop_measure_failures_total", {"measure": "bad_measure"}) == 1
