"""``python -m dynamic_pricing.train``: learn how demand answers to prices, judge the method where the truth is known.

What a shop's other prices would have earned nobody knows, so the way to price is judged in the simulator, and the model
of the shop's articles is published only if that way still beats every fixed rule there and keeps all limits.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from dynamic_pricing.evaluation import BURN_IN, Comparison, beliefs_of, best_rule, compare
from dynamic_pricing.history import History, history_read
from dynamic_pricing.model import PricingModel
from dynamic_pricing.simulator import REGIMES, Market
from meshop_shared.ai.features import FeatureStore
from meshop_shared.ai.training import DataSettings, Requirement, Trained, train_main
from meshop_shared.settings import load_settings

_FIXED, _ORACLE = "best fixed rule", "oracle"


class PricingJob:
    """Train the model that proposes prices."""

    name = "dynamic_pricing"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """How long the method is judged."""
        parser.add_argument("--markets", type=int, default=2, help="simulated markets of each regime (2)")

    def train(self, options: argparse.Namespace) -> Trained:
        """Judge the method on simulated markets, and learn from the shop's sales."""
        settings = load_settings(DataSettings)
        store = FeatureStore(settings.ai_database_url.get_secret_value())
        store.prepare()
        history = history_read(store)
        if history is None:
            raise SystemExit(
                "dynamic_pricing: no article was sold often enough, on enough days, to learn from"
            )
        found = [
            compare(Market.make(regime, seed=seed), seed=seed)
            for regime in REGIMES
            for seed in range(options.seed, options.seed + options.markets)
        ]
        ours, fixed, best = figures(found)
        return Trained(
            artefact=lambda: model_fit(history).dumps(),
            data_digest=history.digest(),
            split=f"the method: {len(found)} simulated markets; the model: sales to {history.last}",
            metrics=ours,
            baselines={_FIXED: fixed, _ORACLE: best},
            requirements=(
                Requirement("margin", _FIXED, 1.05), Requirement("settled", _ORACLE, 0.9),
                Requirement("kept", None, 1.0),
            ),
            notes=f"{len(history.skus)} articles of the shop. `margin` and `settled` (after {BURN_IN} days) are of "
            "simulated markets by those of the best fixed rule; `kept` is 1 where no limit was broken. A price "
            "is one for everybody: no customer is in the data.",
        )  # fmt: skip


def figures(found: list[Comparison]) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Means over markets by the best fixed rule's margin: of Thompson sampling, of that rule, of the oracle."""
    rule = best_rule(found)
    ours = {
        "margin": float(np.mean([one.thompson.margin / one.fixed[rule].margin for one in found])),
        "settled": float(np.mean([one.thompson.settled / one.fixed[rule].settled for one in found])),
        "kept": float(all(one.thompson.violations == 0 for one in found)),
    }
    oracle = {
        "margin": float(np.mean([one.oracle.margin / one.fixed[rule].margin for one in found])),
        "settled": float(np.mean([one.oracle.settled / one.fixed[rule].settled for one in found])),
    }
    return ours, {"margin": 1.0, "settled": 1.0}, oracle


def model_fit(history: History) -> PricingModel:
    """The model of a shop's articles."""
    beliefs = beliefs_of(history.sales)
    return PricingModel(
        dict(zip(history.skus, beliefs, strict=True)), dict(zip(history.skus, history.days, strict=True))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(PricingJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())
