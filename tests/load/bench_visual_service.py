"""Part of ``make bench-ai``: search by photo and the check of a new picture beside an empty endpoint, and memory.

The shop is played by this program: ``BENCH_VISUAL_PICTURES`` drawings (300).
"""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.load.ai_calls import connected, judged, metric_awaited, service_running, shop_played
from tests.support.drawings import encoded, thing

PICTURES = int(os.environ.get("BENCH_VISUAL_PICTURES", "300"))


def answer(path: str) -> bytes:
    """The list of drawings, or one of them."""
    if path.startswith("/media/"):
        return encoded(thing(int(path.removeprefix("/media/").removesuffix(".jpg"))))
    rows = [{"id": n + 1, "file": f"{n}.jpg", "product_id": n + 1, "category": "c"} for n in range(PICTURES)]
    return json.dumps({"next": None, "results": rows}).encode()


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    with shop_played(answer) as shop, tempfile.TemporaryDirectory() as folder:
        environment = {
            "AI_DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "MODEL_STORE": Path(folder).as_uri(),
            "BACKEND_URL": shop, "LOG_LEVEL": "ERROR", "DECISION_LOG": "off", "CATALOGUE_POLL_S": "600",
        }  # fmt: skip
        with service_running("visual_recognition", **environment) as (port, pid):
            ask = connected(port, trained=False)
            metric_awaited(ask, f"meshop_visual_pictures {float(PICTURES)}")
            photo = {"image": base64.b64encode(encoded(thing(7, side=640))).decode()}
            calls = {
                f"search by photo in {PICTURES}": ("POST", "/v1/search", lambda: photo),
                "check of a new picture": ("POST", "/v1/inspect", lambda: photo),
            }
            return judged(ask, pid, calls)


if __name__ == "__main__":
    sys.exit(main())
