"""The AI services of the local stack: one for each folder below ``ai/``, on a port and a database of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tools.environment import TRACING
from tools.errors import ToolError
from tools.paths import AI, REQUIREMENTS, SHARED, TEXT_MODEL
from tools.ports import LOOPBACK
from tools.processes import Service, source_digest
from tools.servers import postgres, redis
from tools.stack.config import StackConfig
from tools.stack.ready import http_ready

DATABASE = "meshop_ai"
NAMES = tuple(sorted(folder.parent.name for folder in AI.glob("*/main.py")))
TRAININGS = tuple(sorted(folder.parent.name for folder in AI.glob("*/train.py")))


def ai_urls(config: StackConfig) -> str:
    """Where the services are, as backend and gateway want it said."""
    return ",".join(f"{name}=http://{LOOPBACK}:{port}" for name, port in sorted(config.ai_ports.items()))


#: Services whose training needs nothing of the shop: the stack trains them when it starts.
SELF_TAUGHT = ("chatbot",)
_NOTES = {
    "chatbot": "AI; talks to customers at /api/chat/",
    "dynamic_pricing": "AI; prices stay until a model is trained",
    "fraud_detection": "AI; rules until a model is trained",
    "recommendations": "AI; best sellers until a model is trained",
    "semantic_search": "AI; finds products by meaning",
}
#: What a shell may say about the assistant's language model.
_LLM = ("LLM_URL", "LLM_MODEL", "LLM_API_KEY", "LLM_USE")


def database_url(shop: str) -> str:
    """The database of the services, on the server of the shop's."""
    return urlunsplit(urlsplit(shop)._replace(path=f"/{DATABASE}"))


def ai_environment(config: StackConfig, environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of every service and of every training, from those of the backend."""
    return {
        "AI_DATABASE_URL": database_url(environment["DATABASE_URL"]),
        "MODEL_STORE": (config.folder.resolve() / "data" / "models").as_uri(),
        "LOG_LEVEL": environment.get("LOG_LEVEL", "INFO"),
        # Models are small; threads of the linear algebra would only fight with each other.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join((str(SHARED), str(AI))),
        "TEXT_MODEL": str(TEXT_MODEL),
        "REDIS_URL": environment["REDIS_URL"],
        "GATEWAY_URL": config.url,
        "BACKEND_URL": f"http://{LOOPBACK}:{config.backend_port}",
        "CATALOGUE_POLL_S": "2",
        **{
            name: environment[name]
            for name in ("JWT_ISSUER", "JWT_AUDIENCE", *TRACING)
            if name in environment
        },
    }


def training_environment(config: StackConfig, environment: Mapping[str, str]) -> dict[str, str]:
    """What a worker needs that trains the services."""
    return {**ai_environment(config, environment), "AI_TRAININGS": ",".join(TRAININGS)}


def self_taught_train(config: StackConfig, environment: Mapping[str, str], *, already: str | None) -> str:
    """Train what needs no data, unless its code is that of ``already``; the digest of the code. Stops when it fails."""
    digest = source_digest([SHARED, *(AI / name for name in SELF_TAUGHT)])
    for name in SELF_TAUGHT if digest != already else ():
        print(f"Training {name}.", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"{name}.train"],
            env={**environment, **ai_environment(config, environment)},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            raise ToolError(f"Training {name} failed (exit {done.returncode}).")
    return digest


def ai_services(config: StackConfig, environment: Mapping[str, str]) -> list[Service]:
    """One program for each service that has a port."""
    return [
        Service(
            name=name,
            command=(sys.executable, "-m", f"{name}.main"),
            env={**ai_environment(config, environment), **_own(name), "HOST": LOOPBACK, "PORT": str(port)},
            sources=(SHARED, AI / name, REQUIREMENTS / "ai.txt"),
            depends=(postgres.NAME, redis.NAME),
            ready=http_ready(port, "/readyz"),
            address=f"http://{LOOPBACK}:{port}",
            note=_NOTES.get(name, "AI"),
            yields=True,
        )
        for name, port in sorted(config.ai_ports.items())
    ]


def _own(name: str) -> dict[str, str]:
    """What only one service reads, from the shell."""
    return {key: os.environ[key] for key in _LLM if os.environ.get(key)} if name == "chatbot" else {}


def ensure_database(shop: str) -> None:
    """Make the database of the services beside the shop's, unless it is there."""
    with psycopg.connect(shop, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
