"""The semantic search's own part of ``make bench-ai``: a search beside an empty endpoint, and its memory.

The catalogue is that of Online Retail II when its file is here (``RETAIL``), else of generated names. Texts are two
words of a name, and new each time: a text that was asked before costs no encoding.
"""

import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from meshop_shared.ai.features import PRODUCTS, FeatureStore
from recommendations.interactions import interactions_build, online_retail_lines
from tests.load.ai_calls import connected, judged, metric_awaited, service_running
from tests.load.bench_ai import DATA
from tests.support.ai import ai_database
from tests.support.shop_history import shop_history
from tools.paths import TEXT_MODEL

LIMIT_MB = 600


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    history = interactions_build(online_retail_lines(DATA)) if DATA.is_file() else shop_history()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, ai_database() as database:
        store = FeatureStore(database)
        store.prepare()
        named = zip(history.skus, history.names, strict=True)
        store.put(
            PRODUCTS,
            ((number, now, sku, name, "", "{}", True) for number, (sku, name) in enumerate(named, 1)),
        )
        environment = {
            "AI_DATABASE_URL": database, "MODEL_STORE": Path(folder).as_uri(), "TEXT_MODEL": str(TEXT_MODEL),
        }  # fmt: skip
        with service_running("semantic_search", **environment) as (port, pid):
            return measure(port, pid, history.names)


def measure(port: int, pid: int, names: tuple[str, ...]) -> int:
    """Ask once it knows all products."""
    ask = connected(port, trained=False)
    taken = metric_awaited(ask, f"meshop_semantic_products {float(len(names))}")
    print(f"\n{len(names)} products were known after {taken:.1f} s", flush=True)
    chance = random.Random(1)

    def new_text() -> dict:
        return {
            "text": " ".join(chance.sample(chance.choice(names).split() * 2, 2)) + f" {chance.random()}"[:6]
        }

    calls = {
        "search for a new text": ("POST", "/v1/search", new_text),
        "search for the same text": ("POST", "/v1/search", lambda: {"text": "red mug under 5 pounds"}),
    }
    return judged(ask, pid, calls, limit_mb=LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
