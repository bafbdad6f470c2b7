"""``python -m semantic_search.train``: choose the weights of the fusion on the shop's own catalogue.

Queries are made from the catalogue: names, spoilt names, and what descriptions say. A search by words (TF-IDF over
words and parts of words) stands for the shop's engines. Weights are chosen on half of the products and judged on the
others.
"""

import argparse
import hashlib
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.feature_extraction.text import TfidfVectorizer

from meshop_shared.ai.features import PRODUCTS, FeatureStore
from meshop_shared.ai.training import DataSettings, Requirement, Trained, train_main
from meshop_shared.embeddings.port import TextEncoder, text_encoder
from meshop_shared.fusion import Weights, fused
from meshop_shared.settings import load_settings
from semantic_search.catalogue import text_of, words_of
from semantic_search.model import weights_dump

#: Weights of the words to choose from.
GRID = (0.2, 0.3, 0.4, 0.5, 0.7)
_MIN_PRODUCTS = 50
_MAX_PRODUCTS = 20_000
_QUERIES = 400
_DEPTH = 100


class SearchDataSettings(DataSettings):
    """What a training reads."""

    text_model: Path | None = Field(None, description="Folder of the exported MiniLM.")


@dataclass(frozen=True)
class Query:
    """A made query: ``product`` is a row of the catalogue, the right answers are all of its name."""

    slice: str
    text: str
    product: int


class SemanticSearchJob:
    """Choose how much words and meaning count when a search joins both."""

    name = "semantic_search"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Nothing of its own: it learns from the feature table of products."""

    def train(self, options: argparse.Namespace) -> Trained:
        """Choose on half of the products, judge on the others."""
        settings = load_settings(SearchDataSettings)
        store = FeatureStore(settings.ai_database_url.get_secret_value())
        products = [dict(zip(PRODUCTS.columns, row, strict=True)) for row in store.read(PRODUCTS)]
        shown = [one for one in products if one["shown"]][:_MAX_PRODUCTS]
        if len(shown) < _MIN_PRODUCTS:
            raise SystemExit(f"semantic_search: {len(shown)} products are shown, {_MIN_PRODUCTS} are needed")
        bench = Bench(shown, encoder=text_encoder(settings.text_model), seed=options.seed)
        chosen = max(GRID, key=lambda weight: (bench.harmless(weight), bench.mean(weight, half=0)))
        weights = Weights(lexical=chosen)
        metrics, words = bench.judged(weights, half=1), bench.judged(None, half=1)
        return Trained(
            artefact=lambda: weights_dump(weights),
            data_digest=bench.digest(),
            split=f"weights chosen on every other one of {len(shown)} products, judged on the others",
            metrics=metrics,
            baselines={"words alone": words},
            requirements=[Requirement(name, "words alone", 1.0) for name in metrics],
            notes=f"nDCG@10 of queries made from the catalogue. Words count {chosen:g} beside the cosine of "
            f"{bench.encoder_name}. Synonyms that the shop's engine knows are not in the comparison.",
        )


class Bench:
    """Rankings of made queries by words and by meaning, computed once for all weights."""

    def __init__(self, products: Sequence[dict[str, Any]], *, encoder: TextEncoder, seed: int) -> None:
        self.encoder_name = encoder.name
        self._names = [words_of(one["name"]) for one in products]
        self._texts = [text_of(name=one["name"], words=one["words"]) for one in products]
        self.queries = list(queries_make(products, seed=seed))
        asked = [query.text for query in self.queries]
        self._words = _ranked_by_words(self._texts, asked)
        cosines = encoder.encode(asked) @ encoder.encode(self._texts).T
        self._near = [
            {int(row): float(line[row]) for row in np.argsort(-line, kind="stable")[:_DEPTH]}
            for line in cosines
        ]
        every = [words_of(text) for text in self._texts]
        self._complete = [any(words_of(text) <= words for words in every) for text in asked]

    def judged(self, weights: Weights | None, *, half: int) -> dict[str, float]:
        """nDCG@10 by slice; None judges the ranking by words alone."""
        found: dict[str, list[float]] = {}
        for number, query in enumerate(self.queries):
            if query.product % 2 != half:
                continue
            ranking = self._words[number]
            if weights:
                complete = self._complete[number]
                ranking = fused(ranking, self._near[number], weights=weights, complete=complete)
            found.setdefault(query.slice, []).append(self._ndcg(ranking, query.product))
        return {name: float(np.mean(values)) for name, values in sorted(found.items())}

    def mean(self, weight: float, *, half: int) -> float:
        """Mean over the slices."""
        return float(np.mean(list(self.judged(Weights(lexical=weight), half=half).values())))

    def harmless(self, weight: float) -> bool:
        """Whether no slice is worse than by words alone, on the half for choosing."""
        words, both = self.judged(None, half=0), self.judged(Weights(lexical=weight), half=0)
        return all(both[name] >= value for name, value in words.items())

    def digest(self) -> str:
        """SHA-256 of the catalogue and the encoder."""
        return hashlib.sha256("\n".join((self.encoder_name, *self._texts)).encode()).hexdigest()

    def _ndcg(self, ranking: Sequence[int], product: int) -> float:
        right = {row for row, words in enumerate(self._names) if words == self._names[product]}
        gain = sum(1 / np.log2(rank + 2) for rank, row in enumerate(ranking[:10]) if row in right)
        return float(gain / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(right)))))


def queries_make(products: Sequence[dict[str, Any]], *, seed: int) -> list[Query]:
    """Queries of four slices: a name, one with a typo, one with words left out, and words of a description."""
    chance = random.Random(seed)  # noqa: S311  (no secrets)
    rows = chance.sample(range(len(products)), min(_QUERIES, len(products)))
    made = []
    for row in sorted(rows):
        name = products[row]["name"].lower().split()
        made.append(Query("exact", " ".join(name), row))
        made.append(Query("typo", " ".join(_typo(chance, name)), row))
        if len(name) > 3:
            left = sorted(chance.sample(range(len(name)), len(name) - 2))
            made.append(Query("fewer words", " ".join(name[at] for at in left), row))
        own = words_of(" ".join(name))
        described = [word for word in products[row]["words"].lower().split() if not words_of(word) <= own]
        if len(described) >= 6:
            begin = chance.randrange(len(described) - 5)
            made.append(Query("description", " ".join(described[begin : begin + 6]), row))
    return made


def _typo(chance: random.Random, words: list[str]) -> list[str]:
    at = max(range(len(words)), key=lambda place: len(words[place]))
    word = words[at]
    if len(word) < 4:
        return words
    where = chance.randrange(1, len(word) - 1)
    return [*words[:at], word[:where] + word[where + 1 :], *words[at + 1 :]]


def _ranked_by_words(texts: Sequence[str], queries: Sequence[str]) -> list[list[int]]:
    """Rows by TF-IDF over words and over parts of words, best first; only those that share something."""
    total: sp.csr_matrix | float = 0
    for analyzer, lengths in (("word", (1, 1)), ("char_wb", (3, 4))):
        vectorizer = TfidfVectorizer(
            analyzer=analyzer, ngram_range=lengths, sublinear_tf=True, dtype=np.float32
        )
        documents = vectorizer.fit_transform(texts)
        total = total + vectorizer.transform(queries) @ documents.T
    rankings = []
    for line in sp.csr_matrix(total):
        best = np.argsort(-line.data, kind="stable")[:_DEPTH]
        rankings.append([int(row) for row in line.indices[best]])
    return rankings


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the weights were refused."""
    return train_main(SemanticSearchJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())
