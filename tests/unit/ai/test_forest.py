import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pytest

from recommendations.forest import Forest
from tools.paths import AI, SHARED


def taught(rows: np.ndarray, **settings) -> lgb.Booster:
    right = (rows[:, 0] * rows[:, 1] > 0.2) + (rows[:, 2] > 0.5)
    chosen = {"objective": "regression", "num_leaves": 15, "verbose": -1, "num_threads": 1, "seed": 1}
    return lgb.train(chosen | settings, lgb.Dataset(rows, right.astype(float)), 30)


def test_a_forest_says_what_its_trainer_says():
    rows = np.random.default_rng(0).random((5_000, 6)).astype(np.float32)
    booster = taught(rows)
    forest = Forest.of_model(booster.dump_model())
    np.testing.assert_allclose(forest.predict(rows), booster.predict(rows), rtol=1e-9, atol=1e-12)
    assert forest.predict(rows[:0]).shape == (0,)


def test_a_tree_without_a_split_is_its_leaf():
    rows = np.ones((100, 3), np.float32)
    booster = taught(rows)
    forest = Forest.of_model(booster.dump_model())
    np.testing.assert_allclose(forest.predict(rows), booster.predict(rows))


def test_splits_that_are_not_known_are_refused():
    rows = np.random.default_rng(0).random((500, 3)).astype(np.float32)
    rows[::7, 0] = np.nan
    with pytest.raises(ValueError, match="missing"):
        Forest.of_model(taught(rows).dump_model())


def test_serving_does_not_load_the_trainer():
    code = "import sys, recommendations.main; sys.exit('lightgbm' in sys.modules)"
    environment = {"PYTHONPATH": f"{SHARED}:{AI}"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
