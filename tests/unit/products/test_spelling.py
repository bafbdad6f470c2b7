"""Typos: one slip of the finger, no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.products.search.spelling import is_one_slip, neighbours, spellings

WORDS = st.text(alphabet="abcd", min_size=3, max_size=8)


def slips(word):
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + "x" + word[at + 1 :]
        yield word[:at] + "x" + word[at:]
        yield word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]


def distance(one, other):
    """Optimal string alignment, the textbook way."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                rows[i][j] = i + j
                continue
            wrong = one[i - 1] != other[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + wrong)
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(WORDS, WORDS)
def test_one_slip_is_a_distance_of_at_most_one(one, other):
    assert is_one_slip(one, other) == (distance(one, other) <= 1)


@pytest.mark.parametrize("word", ["kettle", "lamp", "headphones"])
def test_every_slip_shares_a_spelling_and_is_a_neighbour(word):
    for slip in slips(word):
        if len(slip) >= 3:
            assert spellings(slip) & spellings(word), slip
            assert neighbours(slip, [word, "unrelated"]) == ([] if slip == word else [word])


def test_a_known_word_has_neighbours_but_is_none():
    assert neighbours("pine", ["pine", "wine", "pin"]) == ["pin", "wine"]


def test_words_that_are_no_words_have_no_spellings():
    for text in ("", "ab", "x" * 31, "a4", "12345", "a b"):
        assert spellings(text) == set()


def test_the_first_letter_is_rarely_wrong():
    assert neighbours("bine", ["wine", "bind", "pine"]) == ["bind", "pine", "wine"]
