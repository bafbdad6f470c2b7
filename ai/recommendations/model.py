"""The recommender that is trained, stored and served. No framework, no clock: same input and seed, same output."""

import io
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from recommendations.candidates import TextModel
from recommendations.features import Catalogue, Pool, pool_build
from recommendations.forest import PARTS, Forest, scores_of
from recommendations.histories import Histories
from recommendations.interactions import Array
from recommendations.rules import Exposure, varied

#: Weight of likelihood against variety; chosen on the summer of 2010.
RELEVANCE = 0.9
#: Share of the answers of a process that may show the same article; chosen likewise, for less than 1 % of the recall.
EXPOSURE_CAP = 0.35
_SPARSE = ("knn", "together", "vectors")
#: A reranked article whose own evidence is weaker than this part of the best is there because it is popular.
_EVIDENCE = 0.1

ReasonKind = Literal["bought", "viewed", "again", "similar", "together", "cart", "popular", "trending"]


@dataclass(frozen=True)
class Recommended:
    """One article, how strongly, and why: ``because`` is the article that led here, if one did."""

    sku: str
    score: float
    kind: ReasonKind
    because: str | None = None


class Recommender:
    """Answers every question from one fitted :class:`Catalogue` and two rankers."""

    def __init__(self, catalogue: Catalogue, *, discover: Forest | None, again: Forest | None) -> None:
        self.catalogue, self._discover, self._again = catalogue, discover, again
        self.numbers = {sku: number for number, sku in enumerate(catalogue.skus)}

    def ranked(self, histories: Histories, *, excluded: sp.csr_matrix | None) -> tuple[Pool, Array]:
        """Candidates of each customer and their scores; with nothing excluded, own articles may come again."""
        pool = pool_build(self.catalogue, histories, excluded=excluded)
        return pool, scores_of(self._again if excluded is None else self._discover, pool)

    def chosen(
        self, pool: Pool, scores: Array, row: int, *, count: int, exposure: Exposure | None = None
    ) -> list[int]:
        """Places in the pool of one customer's list, after variety and exposure."""
        items, score = pool.items[row], scores[row].copy()
        if exposure is not None:
            finite = score[np.isfinite(score)]
            spread = float(finite.max() - finite.min()) + 1 if len(finite) else 1.0
            score = np.where(exposure.worn(items), score - spread, score)
        places = varied(score, self.catalogue.vectors[items], count=count, relevance=RELEVANCE)
        if exposure is not None:
            exposure.record(items[places])
        return places

    def for_you(
        self, histories: Histories, *, viewed: frozenset[int], excluded: frozenset[int] | None,
        count: int, exposure: Exposure | None = None,
    ) -> list[Recommended]:  # fmt: skip
        """A list for one customer. ``excluded`` never appear; None allows what they bought before to come again.

        ``viewed`` are articles among the history's lines that were looked at, not bought.
        """
        mask = None
        if excluded is not None:
            numbers = sorted(excluded)
            shape = (1, len(self.catalogue.skus))
            mask = sp.csr_matrix((np.ones(len(numbers)), ([0] * len(numbers), numbers)), shape=shape)
        pool, scores = self.ranked(histories, excluded=mask)
        places = self.chosen(pool, scores, 0, count=count, exposure=exposure)
        own = np.unique(histories.item)
        return [
            self._explained(int(pool.items[0, place]), float(scores[0, place]), own, viewed)
            for place in places
        ]

    def _explained(self, item: int, score: float, own: Array, viewed: frozenset[int]) -> Recommended:
        sku, catalogue = self.catalogue.skus[item], self.catalogue
        if item in own:
            return Recommended(sku, score, "again")
        if len(own):
            pull = catalogue.ease[own, item]
            best = int(np.argmax(pull))
            if pull[best] >= _EVIDENCE * max(float(catalogue.ease[:, item].max()), 1e-6):
                source = int(own[best])
                kind: ReasonKind = "viewed" if source in viewed else "bought"
                return Recommended(sku, score, kind, catalogue.skus[source])
        trending = catalogue.facts["trend14"][item] > 1
        return Recommended(sku, score, "trending" if trending else "popular")

    def similar(self, sku: str, *, name: str, count: int, excluded: frozenset[str]) -> list[Recommended]:
        """Articles to look at instead. One that was never sold, or is unknown, is compared by its ``name`` alone."""
        catalogue, item = self.catalogue, self.numbers.get(sku)
        scores = (catalogue.text.vectors([name or self._name(item)]) @ catalogue.vectors.T).toarray().ravel()
        if item is not None and catalogue.known[item]:
            scores = scores + _to_one(catalogue.ease[item]) + _to_one(catalogue.knn[[item]].toarray().ravel())
        return self._listed(scores, kind="similar", because=sku, count=count, excluded=excluded | {sku})

    def together(self, sku: str, *, count: int, excluded: frozenset[str]) -> list[Recommended]:
        """Articles that were in the same orders; none for an article without orders."""
        item = self.numbers.get(sku)
        if item is None:
            return []
        scores = self.catalogue.together[[item]].toarray().ravel()
        return self._listed(scores, kind="together", because=sku, count=count, excluded=excluded | {sku})

    def cart(self, skus: list[str], *, count: int, excluded: frozenset[str]) -> list[Recommended]:
        """What goes with a whole cart, with the article of the cart that speaks for it most."""
        own = np.array([self.numbers[sku] for sku in skus if sku in self.numbers], dtype=np.int64)
        if not len(own):
            return []
        rows = self.catalogue.together[own].toarray()
        scores = rows.sum(0) + 0.1 * rows.max() * _to_one(self.catalogue.ease[own].sum(0))
        listed = self._listed(
            np.where(rows.sum(0) > 0, scores, 0), kind="cart", because=None, count=count,
            excluded=excluded | set(skus),
        )  # fmt: skip
        return [
            Recommended(
                one.sku, one.score, "cart",
                self.catalogue.skus[own[int(rows[:, self.numbers[one.sku]].argmax())]],
            )
            for one in listed
        ]  # fmt: skip

    def _listed(
        self, scores: Array, *, kind: ReasonKind, because: str | None, count: int, excluded: frozenset[str]
    ) -> list[Recommended]:
        scores = np.where(self.catalogue.known & (scores > 0), scores, -np.inf)
        for sku in excluded:
            if sku in self.numbers:
                scores[self.numbers[sku]] = -np.inf
        places = varied(scores, self.catalogue.vectors, count=count, relevance=RELEVANCE)
        return [Recommended(self.catalogue.skus[p], float(scores[p]), kind, because) for p in places]

    def _name(self, item: int | None) -> str:
        return "" if item is None else self.catalogue.names[item]

    def dumps(self) -> bytes:
        """The artefact: arrays only, nothing that runs when it is read. The same model gives the same bytes."""
        catalogue = self.catalogue
        arrays: dict[str, Any] = {
            "skus": np.array(catalogue.skus), "names": np.array(catalogue.names), "ease": catalogue.ease,
            "words": np.array(catalogue.text.words), "idf": catalogue.text.idf,
            "fact_names": np.array(list(catalogue.facts)),
            "facts": np.stack(list(catalogue.facts.values())),
        }  # fmt: skip
        for name in _SPARSE:
            matrix = getattr(catalogue, name)
            for part in ("data", "indices", "indptr"):
                arrays[f"{name}_{part}"] = getattr(matrix, part)
        for name, forest in (("discover", self._discover), ("again", self._again)):
            for part in PARTS if forest is not None else ():
                arrays[f"{name}_{part}"] = getattr(forest, part)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def loads(cls, content: bytes) -> "Recommender":
        """Read :meth:`dumps`. Raises ``ValueError`` or ``KeyError`` for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            skus = tuple(str(sku) for sku in arrays["skus"])
            words = [str(word) for word in arrays["words"]]
            sides = {"knn": len(skus), "together": len(skus), "vectors": len(words)}
            sparse = {
                name: sp.csr_matrix(
                    tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr")),
                    shape=(len(skus), width),
                )
                for name, width in sides.items()
            }
            catalogue = Catalogue(
                skus=skus,
                names=tuple(str(name) for name in arrays["names"]),
                ease=arrays["ease"],
                text=TextModel(words, arrays["idf"]),
                facts=dict(zip((str(n) for n in arrays["fact_names"]), arrays["facts"], strict=True)),
                **sparse,
            )
            forests = {
                name: Forest(*(arrays[f"{name}_{part}"] for part in PARTS))
                for name in ("discover", "again")
                if f"{name}_{PARTS[0]}" in arrays
            }
        return cls(catalogue, discover=forests.get("discover"), again=forests.get("again"))


def _to_one(values: Array) -> Array:
    peak = float(values.max(initial=0))
    return values / peak if peak > 0 else np.zeros_like(values)
