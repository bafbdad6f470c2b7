"""Slugs never look like ids and never hide a path of the API."""

import pytest

from apps.products.slugs import RESERVED, slug_from, slug_retry


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Copper Kettle, 2 l", "copper-kettle-2-l"),
        ("Café Crème", "cafe-creme"),
        ("12345", "p-12345"),
        ("茶壺", "ket-1"),
        ("---", "ket-1"),
        ("Reviews", "p-reviews"),
        ("x" * 300, "x" * 180),
    ],
)
def test_made_of_the_name_or_the_fallback(name, slug):
    assert slug_from(name, fallback="KET-1") == slug


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_words_of_the_url_scheme_are_avoided(word):
    assert slug_from(word, fallback="x") not in RESERVED


def test_nothing_to_go_by():
    assert slug_from("茶", fallback="壺") == "p"


def test_another_guess_is_another_slug():
    assert slug_retry("kettle") != slug_retry("kettle")
    assert slug_retry("kettle").startswith("kettle-")
