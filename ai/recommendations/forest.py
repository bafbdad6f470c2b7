"""Regression trees as arrays, evaluated by numpy: serving needs no library of the trainer's, and no threads."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommendations.features import Pool
from recommendations.interactions import Array

PARTS = ("feature", "threshold", "left", "right", "value")
#: Rows evaluated at once, so that memory does not grow with the question.
_ROWS = 4_000


@dataclass(frozen=True)
class Forest:
    """Trees by row. A child below zero is a leaf: its complement is the place of its value."""

    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array

    @classmethod
    def of_model(cls, dumped: dict[str, Any]) -> "Forest":
        """From ``Booster.dump_model()`` of LightGBM: numerical splits on rows without missing values."""
        trees = [tree["tree_structure"] for tree in dumped["tree_info"]]
        leaves = max(tree["num_leaves"] for tree in dumped["tree_info"])
        shape = (len(trees), max(leaves - 1, 1))
        feature, left, right = (np.zeros(shape, np.int32) for _ in range(3))
        threshold, value = np.zeros(shape), np.zeros((len(trees), leaves))
        left -= 1  # a tree without a split is its first leaf
        right -= 1
        for row, root in enumerate(trees):
            waiting = [root]
            while waiting:
                node = waiting.pop()
                if "split_index" not in node:
                    value[row, node.get("leaf_index", 0)] = node["leaf_value"]
                    continue
                if node["decision_type"] != "<=" or node["missing_type"] != "None":
                    raise ValueError("only numerical splits without missing values are known")
                place = node["split_index"]
                feature[row, place], threshold[row, place] = node["split_feature"], node["threshold"]
                for side, child in ((left, node["left_child"]), (right, node["right_child"])):
                    side[row, place] = child.get("split_index", ~child.get("leaf_index", 0))
                    waiting.append(child)
        return cls(feature, threshold, left, right, value)

    def predict(self, rows: Array) -> Array:
        """Sum of the leaves that each row falls into."""
        parts = [self._predict(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _predict(self, rows: Array) -> Array:
        trees, nodes = self.feature.shape
        width = rows.shape[1]
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        left, right, values = self.left.ravel(), self.right.ravel(), rows.ravel()
        leaf = np.empty(len(rows) * trees, np.int32)
        cell = np.arange(len(rows) * trees, dtype=np.int32)  # a row in a tree that has not reached its leaf
        row, tree = np.divmod(cell, trees)
        start, node = row * width, tree * nodes
        while len(cell):
            goes_left = values[start + feature[node]] <= threshold[node]
            child = np.where(goes_left, left[node], right[node])
            done = child < 0
            leaf[cell[done]] = ~child[done]
            on = ~done
            cell, start, tree = cell[on], start[on], tree[on]
            node = tree * nodes + child[on]
        found = self.value[np.tile(np.arange(trees), len(rows)), leaf]
        return found.reshape(len(rows), trees).sum(1)


def scores_of(forest: Forest | None, pool: Pool) -> Array:
    """Score of each candidate; without a forest, the blend that chose the pool."""
    if forest is None:
        return pool.blend
    rows = pool.features.reshape(-1, pool.features.shape[-1])
    return np.where(np.isfinite(pool.blend), forest.predict(rows).reshape(pool.items.shape), -np.inf)


def best_of(scores: Array, items: Array, count: int) -> Array:
    """The ``count`` best items of each row, best first; ties stay in the order of the pool."""
    return np.take_along_axis(items, np.argsort(-scores, 1, kind="stable")[:, :count], 1)
