"""The assistant's own part of ``make bench-ai``: its main calls beside an empty endpoint, and its memory.

The shop behind it is a stub that answers at once, so that what is measured is the assistant and its calls, not the
shop. Needs PostgreSQL and Redis (the test servers).
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from chatbot.train import main as train_main
from tests.load.ai_calls import connected, judged, service_running, shop_played
from tests.support.ai import ai_database

PRODUCT = {
    "id": 1, "slug": "kettle", "sku": "K-1", "name": "Tarnwick Kettle", "description": "", "brand": "Tarnwick",
    "category": None, "tags": [], "price": "39.00", "currency": "GBP", "stock": 9, "in_stock": True, "rating": 0,
    "review_count": 0, "images": [], "variants": [], "attributes": {},
}  # fmt: skip
POLICY = {
    "slug": "returns",
    "title": "Returns",
    "keywords": ["refund"],
    "body": "You can return within 30 days.",
}
ANSWERS: dict[str, Any] = {
    "/api/products/": {"count": 1, "next": None, "previous": None, "results": [PRODUCT]},
    "/api/support/policies/": {"results": [POLICY]},
    "/api/orders/cart/": {"items": [], "total": "0.00", "currency": "GBP"},
}
SAID = {
    "terms": "how many days do I have to send something back?",
    "price of a product": "how much is the tarnwick kettle?",
    "proposal to add": "please add two tarnwick kettles to my cart",
}


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    with (
        shop_played(lambda path: json.dumps(ANSWERS[path]).encode()) as shop,
        tempfile.TemporaryDirectory() as folder,
        ai_database() as database,
    ):
        settings = {"AI_DATABASE_URL": database, "MODEL_STORE": Path(folder).as_uri()}
        os.environ.update(settings)
        if train_main(["--version", "bench"]) != 0:
            return 1
        settings |= {"REDIS_URL": os.environ["REDIS_URL"], "GATEWAY_URL": shop}
        with service_running("chatbot", **settings) as (port, pid):
            calls = {
                name: ("POST", "/api/chat/", lambda text=text: {"message": text})
                for name, text in SAID.items()
            }
            return judged(connected(port), pid, calls)


if __name__ == "__main__":
    sys.exit(main())
