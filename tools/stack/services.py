"""The programs of the local stack. A new one is one more entry in :func:`platform_services`."""

import http.client
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tools.paths import BACKEND, REQUIREMENTS, ROOT
from tools.ports import LOOPBACK
from tools.processes import Service
from tools.servers import postgres, redis
from tools.stack.config import StackConfig

DATASTORES = (postgres.NAME, redis.NAME)
WORKERS = 2
THREADS_PER_WORKER = 8

BACKEND_SOURCES = (ROOT / "services" / "shared", BACKEND, REQUIREMENTS / "backend.txt")


class Fallback(NamedTuple):
    """Something that the full platform does with a server of its own, and this stack without."""

    component: str
    note: str


FALLBACKS = (
    Fallback("search", "PostgreSQL full text and trigrams stand in for Elasticsearch"),
    Fallback("mail", "written to the folder .meshop/mail instead of being sent"),
)


def platform_services(config: StackConfig, environment: Mapping[str, str]) -> list[Service]:
    """Everything that runs Meshop's own code, on datastores that are up and migrated."""
    return [backend(config, environment)]


def backend(config: StackConfig, environment: Mapping[str, str]) -> Service:
    """The store, at the front door."""
    metrics = config.folder / "metrics" / "backend"
    return Service(
        name="backend",
        command=(
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(config.port),
            "--workers", str(WORKERS), "--blocking-threads", str(THREADS_PER_WORKER), "--http", "1", "--no-ws",
            # An open keep-alive connection counts here, so this bounds clients, not requests at work.
            "--backlog", "2048", "--backpressure", "1024",
            "--no-access-log", "--log-level", "warning",
            "--respawn-failed-workers", "--workers-kill-timeout", "10",
            "config.wsgi:application",
        ),
        cwd=BACKEND,
        env={**environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
        scratch=metrics,
        sources=BACKEND_SOURCES,
        depends=DATASTORES,
        ready=http_ready(config.port, "/healthz"),
        address=config.url,
        note=f"{WORKERS} workers of {THREADS_PER_WORKER} threads, request limits {config.rate_limit}",
        grace_s=20,
    )  # fmt: skip


def http_ready(port: int, path: str) -> Callable[[], bool]:
    """A check that asks for ``path`` and wants 200."""

    def check() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check
