"""The fast encoder does what the published network does."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from meshop_shared.embeddings.export import weights_folder
from meshop_shared.embeddings.minilm import BATCH_PIECES, MAX_PIECES, MiniLmEncoder, batches
from meshop_shared.embeddings.port import DIMENSIONS
from tests.support.minilm_reference import Reference
from tools.paths import TEXT_MODEL

TEXTS = [
    "white hanging heart t-light holder",
    "",
    "Stainless steel kettle with a whistle, 1.7 litres",
    "naïve café — 日本語",
    "x",
    "oak " * 400,
    "white hanging heart t-light holder",
]


@pytest.fixture(scope="module")
def encoder():
    return MiniLmEncoder(TEXT_MODEL, threads=1)


def test_it_agrees_with_the_network_written_out(encoder):
    reference = Reference(weights_folder())
    tokenizer = Tokenizer.from_file(str(TEXT_MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    wanted = np.array([reference.encode(tokenizer.encode(text).ids) for text in TEXTS])
    got = encoder.encode(TEXTS)
    assert got.shape == (len(TEXTS), DIMENSIONS)
    assert got.dtype == np.float32
    assert (got * wanted).sum(axis=1).min() >= 0.999_99
    assert np.abs(np.linalg.norm(got, axis=1) - 1).max() < 1e-5


def test_meaning_counts_more_than_letters(encoder):
    couch, sofa, coach = encoder.encode(["a comfortable couch", "a soft sofa", "a coach to London"])
    assert couch @ sofa > couch @ coach


def test_the_order_is_that_of_the_texts_and_company_does_not_matter(encoder):
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_nothing_gives_nothing(encoder):
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_batches_hold_like_lengths_and_are_bounded():
    lengths = [3, 250, 3, 7, 120, 9, 250, 256] * 30
    cut = list(batches(lengths))
    assert sorted(at for batch in cut for at in batch) == list(range(len(lengths)))
    longest = [lengths[batch[-1]] for batch in cut]
    assert longest == sorted(longest)
    assert max(len(batch) * top for batch, top in zip(cut, longest, strict=True)) <= BATCH_PIECES
    padded = sum(len(batch) * top for batch, top in zip(cut, longest, strict=True))
    assert padded < 1.3 * sum(lengths)
