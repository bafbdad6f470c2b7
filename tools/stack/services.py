"""The programs of the local stack. A new one is one more entry in :func:`platform_services`."""

import sys
from collections.abc import Mapping
from typing import NamedTuple

from apps.core.broker import QUEUES
from tools.environment import TRACING
from tools.paths import BACKEND, GATEWAY, REQUIREMENTS, SHARED
from tools.ports import LOOPBACK
from tools.processes import Service
from tools.servers import postgres, redis
from tools.stack.ai import ai_services, training_environment
from tools.stack.config import StackConfig
from tools.stack.ready import heartbeat_fresh, http_ready

DATASTORES = (postgres.NAME, redis.NAME)
GATEWAY_NAME, BACKEND_NAME = "gateway", "backend"
#: Programs that answer no requests and show their metrics on a port of their own.
MEASURED = ("relay", "worker")
WORKERS = 2
THREADS_PER_WORKER = 4

MANAGE = str(BACKEND / "manage.py")
CELERY = ("-m", "celery", "--app", "config.celery")
#: Settings of the backend that mean the same to the gateway.
GATEWAY_SHARES = (
    "REDIS_URL", "RATE_LIMIT", "JWT_ISSUER", "JWT_AUDIENCE", "LOG_LEVEL", "PYTHONUNBUFFERED", "AI_URLS", *TRACING,
)  # fmt: skip

BACKEND_SOURCES = (SHARED, BACKEND, REQUIREMENTS / "backend.txt")
GATEWAY_SOURCES = (SHARED, GATEWAY, REQUIREMENTS / "gateway.txt")


class Fallback(NamedTuple):
    """Something that the full platform does with a server of its own, and this stack without."""

    component: str
    note: str


FALLBACKS = (
    Fallback("search", "PostgreSQL full text and trigrams stand in for Elasticsearch"),
    Fallback("broker", "Redis stands in for RabbitMQ"),
    Fallback("payments", "a provider that moves no money stands in for Stripe"),
    Fallback("mail", "written to the folder .meshop/mail instead of being sent"),
)


def platform_services(config: StackConfig, environment: Mapping[str, str]) -> list[Service]:
    """Everything that runs Meshop's own code, on datastores that are up and migrated."""
    training = {**environment, **training_environment(config, environment)}
    return [
        gateway(config, environment),
        backend(config, environment),
        background(config, environment, "relay", MANAGE, "outbox_relay", note="outbox to broker"),
        background(
            config, training, "worker", *CELERY, "worker", "--queues", ",".join(QUEUES), "--concurrency", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat", note="all queues, 2 processes",
        ),
        background(
            config, environment, "beat", *CELERY, "beat", "--pidfile=",
            "--schedule", str(config.folder / "data" / "beat"), note="what runs by the clock",
        ),
        *ai_services(config, environment),
    ]  # fmt: skip


def gateway(config: StackConfig, environment: Mapping[str, str]) -> Service:
    """The front door."""
    return Service(
        name=GATEWAY_NAME,
        command=(sys.executable, "-m", "meshop_gateway"),
        env={
            **{name: environment[name] for name in GATEWAY_SHARES if name in environment},
            "HOST": LOOPBACK,
            "PORT": str(config.port),
            "WORKERS": str(WORKERS),
            "BACKEND_URL": f"http://{LOOPBACK}:{config.backend_port}",
        },
        sources=GATEWAY_SOURCES,
        depends=(redis.NAME, BACKEND_NAME),
        ready=http_ready(config.port, "/readyz"),
        address=config.url,
        note=f"{WORKERS} workers, request limits {config.rate_limit}",
        grace_s=20,
    )


def backend(config: StackConfig, environment: Mapping[str, str]) -> Service:
    """The store, behind the gateway."""
    assert config.backend_port
    metrics = config.folder / "metrics" / "backend"
    return Service(
        name=BACKEND_NAME,
        command=(
            sys.executable, "-m", "granian", "--interface", "wsgi",
            "--host", LOOPBACK, "--port", str(config.backend_port),
            "--workers", str(WORKERS), "--blocking-threads", str(THREADS_PER_WORKER), "--http", "1", "--no-ws",
            # An open keep-alive connection counts here, so this bounds clients, not requests at work.
            "--backlog", "2048", "--backpressure", "1024",
            "--no-access-log", "--log-level", "warning",
            "--respawn-failed-workers", "--workers-kill-timeout", "10",
            "config.wsgi:application",
        ),
        cwd=BACKEND,
        env={
            **environment,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "TRUSTED_PROXIES": f"{LOOPBACK}/32",
        },
        scratch=metrics,
        sources=BACKEND_SOURCES,
        depends=DATASTORES,
        ready=http_ready(config.backend_port, "/healthz"),
        address=f"http://{LOOPBACK}:{config.backend_port}",
        note=f"{WORKERS} workers of {THREADS_PER_WORKER} threads",
        grace_s=20,
    )  # fmt: skip


def background(
    config: StackConfig, environment: Mapping[str, str], name: str, *command: str, note: str
) -> Service:
    """A program of the backend that answers no requests and shows by a file that it works."""
    folder = config.folder / "run" / name
    port = config.metrics_ports.get(name)
    shown = {"METRICS_PORT": str(port)} if port else {}
    if port and name == "worker":
        shown["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return Service(
        name=name,
        command=(sys.executable, *command),
        yields=True,
        cwd=BACKEND,
        env={**environment, **shown, "HEARTBEAT_FILE": str(folder / "heartbeat")},
        scratch=folder,
        sources=BACKEND_SOURCES,
        depends=DATASTORES,
        ready=heartbeat_fresh(folder / "heartbeat"),
        note=note,
        grace_s=20,
    )
