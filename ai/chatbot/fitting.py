"""Making a classifier; apart from :mod:`chatbot.model`, so that serving needs no library of the trainer."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import SGDClassifier

from chatbot.language import THING
from chatbot.model import IntentModel, features_of
from chatbot.phrasings import known_words

_MIN_COUNT = 4
_ALPHA, _ROUNDS = 2e-5, 20
#: Part of the examples that are learned a second time with a word missing, so that no single word decides.
_DROPPED = 0.5


def model_fit(examples: Sequence[tuple[str, Sequence[str]]], *, seed: int) -> IntentModel:
    """Learn intents from masked phrasings. Deterministic for a seed."""
    chance = np.random.default_rng(seed)
    rows = [(intent, list(words)) for intent, words in examples]
    for intent, words in list(rows):
        if len(words) > 3 and chance.random() < _DROPPED:
            at = int(chance.integers(len(words)))
            if words[at] != THING:
                rows.append((intent, words[:at] + words[at + 1 :]))
    texts = [features_of(words) for _, words in rows]
    seen = Counter(name for text in texts for name in set(text))
    names = sorted(name for name, count in seen.items() if count >= _MIN_COUNT)
    places = {name: place for place, name in enumerate(names)}
    idf = np.log((1 + len(texts)) / (1 + np.array([seen[name] for name in names]))) + 1
    matrix = _matrix(texts, places, idf)
    intents = sorted({intent for intent, _ in rows})
    labels = np.array([intents.index(intent) for intent, _ in rows])
    sizes = np.bincount(labels)
    fitted = SGDClassifier(loss="log_loss", alpha=_ALPHA, max_iter=_ROUNDS, tol=None, random_state=seed)
    fitted.fit(matrix, labels, sample_weight=np.sqrt(sizes.mean() / sizes)[labels])
    return IntentModel(
        intents=intents, known=sorted(known_words()), names=names, idf=idf, weights=fitted.coef_.T.copy(),
        bias=fitted.intercept_.copy(),
    )  # fmt: skip


def _matrix(texts: Sequence[Sequence[str]], places: dict[str, int], idf: np.ndarray) -> sp.csr_matrix:
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for text in texts:
        counts = Counter(places[name] for name in text if name in places)
        values = (1 + np.log(np.array(list(counts.values()), dtype=np.float64))) * idf[list(counts)]
        data.extend(values / (np.linalg.norm(values) or 1))
        columns.extend(counts)
        ends.append(len(columns))
    return sp.csr_matrix((data, columns, ends), shape=(len(texts), len(places)))
