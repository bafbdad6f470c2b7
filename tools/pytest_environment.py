"""pytest plugin, loaded before Django: what a test run does not set gets a placeholder, so unit tests need nothing."""

import os
from collections.abc import MutableMapping

from tools.environment import placeholder_environment
from tools.paths import BUILD


def complete_environment(environment: MutableMapping[str, str]) -> None:
    """Add placeholders, and give each parallel worker a Redis database of its own."""
    for name, value in placeholder_environment(BUILD / "unit").items():
        if name != "JWT_PRIVATE_KEY" or "JWT_PRIVATE_KEY_FILE" not in environment:
            environment.setdefault(name, value)
    worker = environment.get("PYTEST_XDIST_WORKER", "")
    if worker:
        server = environment["REDIS_URL"].rpartition("/")[0]
        environment["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"


complete_environment(os.environ)
