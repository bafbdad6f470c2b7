"""The fallback needs nothing, and is better than nothing."""

import numpy as np
import pytest

from meshop_shared.embeddings.hashing import HashingEncoder
from meshop_shared.embeddings.port import DIMENSIONS, text_encoder


def test_it_stands_in_where_there_are_no_weights():
    encoder = text_encoder(None)
    assert encoder.name == f"hashing-{DIMENSIONS}"
    assert encoder.encode(["a", "b"]).shape == (2, DIMENSIONS)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        text_encoder(tmp_path)


def test_vectors_have_length_one_or_none():
    lengths = np.linalg.norm(HashingEncoder(dimensions=64).encode(["red mug", "", "!?"]), axis=1)
    assert np.allclose(lengths, [1, 0, 0])


def test_spelling_and_words_bring_texts_together():
    mug, mugs, slip, other = HashingEncoder(dimensions=DIMENSIONS).encode(
        ["red enamel mug", "enamel mugs red", "red enamle mug", "garden hose reel"]
    )
    assert mug @ mugs > 0.6
    assert mug @ slip > 0.5
    assert abs(mug @ other) < 0.3


def test_it_is_the_same_on_every_machine():
    (vector,) = HashingEncoder(dimensions=8).encode(["kettle"])
    assert vector == pytest.approx([0, 0.081, 0.081, 0.081, 0, -0.973, -0.081, 0.162], abs=1e-3)
