"""``make bench-ai``: the main calls of the AI services beside an empty endpoint of the same program, and their memory.

A model of the real shop when its data is here (``RETAIL`` names its file), else of a generated one. Needs PostgreSQL
(the test servers).
"""

import os
import random
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from meshop_shared.ai.registry import Registry
from meshop_shared.ai.training import Requirement, Trained, publish
from recommendations.fitting import recommender_fit
from recommendations.interactions import Interactions, interactions_build, online_retail_lines
from tests.load.ai_calls import Call, connected, judged, service_running
from tests.support.ai import ai_database
from tests.support.shop_history import shop_history
from tools.paths import ROOT

DATA = Path(os.environ.get("RETAIL") or ROOT.parent / "shared" / "data" / "online_retail_II_2009_2010.csv.gz")


def main() -> int:
    """Print the table; 1 when a service needs more memory than it may."""
    history = interactions_build(online_retail_lines(DATA)) if DATA.is_file() else shop_history()
    last = date.fromordinal(int(history.day.max()))
    print(f"{len(history.skus)} articles, learned to {last}", flush=True)
    content = recommender_fit(history, today=last.toordinal(), seed=1).dumps()
    with tempfile.TemporaryDirectory() as folder, ai_database() as database:
        store = Path(folder).as_uri()
        trained = Trained(
            artefact=lambda: content, data_digest=history.digest(), split="", metrics={"x": 1}, baselines={},
            requirements=(Requirement("x", None, 1),),
        )  # fmt: skip
        publish(
            name="recommendations", version="bench", seed=1, trained=trained, registry=Registry(database),
            store=store, promote=True,
        )  # fmt: skip
        with service_running("recommendations", AI_DATABASE_URL=database, MODEL_STORE=store) as (port, pid):
            return judged(connected(port), pid, calls(history))


def calls(history: Interactions) -> dict[str, Call]:
    """What is asked, drawn anew each time from a fixed seed."""
    chance = random.Random(1)

    def bought(lines: int) -> Callable[[], dict]:
        return lambda: {
            "limit": 30,
            "bought": [
                {
                    "sku": chance.choice(history.skus), "order": line // 10, "days_ago": chance.random() * 200,
                    "quantity": 3, "price": 2.0,
                }
                for line in range(lines)
            ],
        }  # fmt: skip

    def article() -> dict:
        return {"sku": chance.choice(history.skus), "limit": 30}

    return {
        "for you, 30 bought lines": ("POST", "/v1/for-you", bought(30)),
        "for you, 300 bought lines": ("POST", "/v1/for-you", bought(300)),
        "similar": ("POST", "/v1/similar", article),
        "bought together": ("POST", "/v1/bought-together", article),
        "cart of five": ("POST", "/v1/cart", lambda: {"skus": chance.sample(history.skus, 5), "limit": 30}),
    }


if __name__ == "__main__":
    sys.exit(main())
