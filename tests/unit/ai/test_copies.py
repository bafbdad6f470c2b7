"""Where the line between copies and other pictures is drawn, and how it is judged."""

import numpy as np
import pytest

from tests.support.drawings import encoded, thing
from visual_recognition.copies import COPIES, Compared, copies_compare, copies_judge, line_choose, numbers_of
from visual_recognition.dataset import Pictures
from visual_recognition.encoder import describer_load
from visual_recognition.evaluation import library_build

KINDS = tuple(COPIES)


def copy(original: float, *others: float) -> Compared:
    return Compared(KINDS[0], original, others)


def test_the_line_is_as_high_as_two_misses_in_a_hundred_allow():
    compared = [copy(0.9), copy(0.95), *(copy(0.9990 - number / 100_000) for number in range(98))]
    assert line_choose(compared) == 0.998
    assert line_choose([*compared, Compared("", 0.0, (0.9999,))]) == 0.998  # others do not draw it
    assert copies_judge(compared, line=0.998).recall == 0.98


def test_what_is_not_the_original_is_wrong_however_it_was_asked_for():
    compared = [copy(0.99, 0.99, 0.5), copy(0.5), Compared("", 0.0, (0.995,)), Compared("", 0.0, ())]
    judged = copies_judge(compared, line=0.985)
    assert (judged.precision, judged.recall) == (pytest.approx(1 / 3), 0.5)
    assert judged.by_kind[KINDS[0]] == 0.5


@pytest.fixture(scope="module")
def shop():
    contents = [encoded(thing(number, side=320)) for number in range(4)]
    pictures = Pictures(contents, ["a", "a", "b", "b"], [encoded(thing(9, side=320))], classes=np.array([2]))
    describer = describer_load("")
    return pictures, describer, library_build(pictures, describer)


def test_copies_are_compared_as_the_service_does(shop):
    pictures, describer, library = shop
    numbers = numbers_of(library, classes=lambda one: one % 2 == 0).tolist()
    assert numbers == [0, 2, 4]
    compared = copies_compare(library, pictures, describer, asked=numbers)
    assert [one.kind for one in compared] == [*COPIES, ""] * 3
    judged = copies_judge(compared, line=0.985)
    assert (judged.precision, judged.recall) == (1.0, 1.0)
