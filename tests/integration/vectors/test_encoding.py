"""A text is encoded once, whoever asks, and the table of vectors is bounded."""

from datetime import date

import numpy as np
import pytest

from apps.search.models import TextVector
from apps.search.vectors import encoding
from apps.search.vectors.encoding import text_digest, texts_encode, vectors_prune
from meshop_shared.embeddings.hashing import HashingEncoder

pytestmark = pytest.mark.django_db


@pytest.fixture
def encoded(monkeypatch):
    """The texts that an encoder had to encode."""
    seen = []

    class Watched(HashingEncoder):
        def encode(self, texts):
            seen.extend(texts)
            return super().encode(texts)

    encoder = Watched(dimensions=384)
    monkeypatch.setattr(encoding, "encoder_of_settings", lambda: encoder)
    return seen


def test_a_text_is_encoded_once(encoded):
    first = texts_encode(["red mug", "oak table", "red mug"])
    again = texts_encode(["oak table", "red mug"])
    assert encoded == ["red mug", "oak table"]
    assert (first[[1, 0]] == again).all()
    wanted = HashingEncoder(dimensions=384).encode(["red mug"])[0]
    assert np.abs(first[0] - wanted).max() < 1e-3
    assert first[0] @ wanted / np.linalg.norm(first[0]) > 0.99999


def test_vectors_of_another_encoder_are_not_used(encoded, monkeypatch):
    texts_encode(["red mug"])
    other = HashingEncoder(dimensions=384)
    other.name = "other"
    monkeypatch.setattr(encoding, "encoder_of_settings", lambda: other)
    texts_encode(["red mug"])
    assert sorted(TextVector.objects.values_list("encoder", flat=True)) == ["hashing-384", "other"]


def test_the_longest_unused_are_forgotten_first(encoded):
    texts_encode(["old", "used again", "new"])
    TextVector.objects.exclude(digest=text_digest("new")).update(used_on=date(2026, 1, 1))
    texts_encode(["used again"])
    assert vectors_prune(rows_max=2) == 1
    assert {bytes(row.digest) for row in TextVector.objects.all()} == {
        text_digest("used again"),
        text_digest("new"),
    }
    assert vectors_prune(rows_max=2) == 0


def test_pruning_goes_on_until_it_is_done(encoded, monkeypatch):
    monkeypatch.setattr(encoding, "_PRUNE", 2)
    texts_encode([f"text {number}" for number in range(7)])
    assert vectors_prune(rows_max=1) == 6


def test_nothing_takes_no_query(encoded, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert texts_encode([]).shape == (0, 384)
