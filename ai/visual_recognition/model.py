"""Which pictures of the shop a photo shows. What is learned is how photos of customers differ from shop pictures.

A photo is darker, its surroundings are grey and brown, so that some articles look like any photo. Mean and covariance
of unlabelled photos take that away: an article's likeness counts by how unusual it is for a photo (z-score).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_recognition.descriptors import Described, Floats
from visual_recognition.matching import local_scores

#: Weight of local features beside colour, and the z-score from which they count.
_LOCAL_WEIGHT, _LOCAL_FROM = 0.3, 0.5
#: Pictures that are compared by colour, and those of them that are compared in detail.
SHORTLIST, DETAILED = 200, 80
#: Share of the mean variance that is added to each, since few photos were seen.
_SHRINK = 0.05
_SUGGESTED = 3
_VOTERS, _SHARPNESS = 10, 1.5
#: Trust where nothing is known: a half, whatever the score.
UNTRUSTED: Floats = np.zeros(3, np.float32)


@dataclass(frozen=True)
class VisualModel:
    """Mean and covariance of photos that ``descriptor`` described, and how far a best match can be trusted.

    ``trust`` are the coefficients of a logistic regression: constant, best score, its lead over the next category.
    """

    descriptor: str
    mean: Floats
    covariance: Floats
    trust: Floats

    def dumps(self) -> bytes:
        """Arrays only."""
        file = io.BytesIO()
        np.savez(
            file, descriptor=np.array(self.descriptor), mean=self.mean, covariance=self.covariance, trust=self.trust
        )  # fmt: skip
        return file.getvalue()

    @classmethod
    def loads(cls, content: bytes) -> "VisualModel":
        """Read what :meth:`dumps` wrote. Raises ``ValueError`` and ``KeyError`` for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            model = cls(str(arrays["descriptor"]), arrays["mean"], arrays["covariance"], arrays["trust"])
        size = len(model.mean)
        if model.mean.ndim != 1 or model.covariance.shape != (size, size) or model.trust.shape != (3,):
            raise ValueError("arrays of other shapes")
        return model

    def centred(self, vector: Floats) -> Floats:
        """What is unusual about a photo."""
        return vector - self.mean

    def spread(self, vectors: Floats) -> Floats:
        """Standard deviation of each article's likeness among photos."""
        variance = np.einsum("ij,jk,ik->i", vectors, self.covariance, vectors, optimize=True)
        return np.sqrt(variance + _SHRINK * float(variance.mean()) + 1e-9)

    def confidence(self, best: float, lead: float) -> float:
        """Probability that the category of the best match is right."""
        constant, weight, of_lead = (float(value) for value in self.trust)
        return 1 / (1 + float(np.exp(-(constant + weight * best + of_lead * lead))))


def gallery_learn(descriptor: str, vectors: Floats, *, trust: Floats = UNTRUSTED) -> VisualModel:
    """Learn from unlabelled photos, one row each."""
    mean = vectors.mean(axis=0)
    apart = vectors - mean
    covariance = (apart.T @ apart / len(vectors)).astype(np.float32)
    return VisualModel(descriptor, mean.astype(np.float32), covariance, trust)


def colour_scores(query: Floats, vectors: Floats, model: VisualModel | None) -> Floats:
    """Likeness by vector, standardised over the candidates."""
    if model is None:
        return standardised(vectors @ query)
    return standardised(vectors @ model.centred(query) / model.spread(vectors))


def fused_scores(colour: Floats, query: Described, features: Sequence[NDArray[np.uint8]]) -> Floats:
    """Likeness by colour joined by what local features add; the first ``len(features)`` candidates have them.

    They only ever add: that no print was recognised says little.
    """
    local = standardised(local_scores(query.features, features))
    fused = colour.copy()
    fused[: len(features)] += _LOCAL_WEIGHT * np.maximum(local - _LOCAL_FROM, 0)
    return fused


def standardised(values: Floats) -> Floats:
    """Mean 0 and deviation 1; all zero when all are equal."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def categories_vote(scores: Floats, categories: Sequence[str | None]) -> list[tuple[str, float]]:
    """Categories of the best candidates, most likely first, with their share of the votes. Best candidate first."""
    votes: dict[str, float] = {}
    for score, category in list(zip(scores, categories, strict=True))[:_VOTERS]:
        if category is not None:
            votes[category] = votes.get(category, 0.0) + float(np.exp(_SHARPNESS * (score - scores[0])))
    total = sum(votes.values())
    ranked = sorted(votes.items(), key=lambda one: (-one[1], one[0]))[:_SUGGESTED]
    return [(category, vote / total) for category, vote in ranked]


def lead_of(scores: Floats, categories: Sequence[str | None]) -> float:
    """How far the best candidate is before the best one of another category."""
    others = [float(s) for s, category in zip(scores, categories, strict=True) if category != categories[0]]
    return float(scores[0]) - max(others) if others else 0.0
