"""The environment of the backend: the one place where the developer tools know the names of its settings."""

from pathlib import Path

from tools.state import StateFolder, new_rsa_key

#: Settings that the stack decides itself; whatever the shell says of them is not meant for it.
OWNED = frozenset(
    {
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "JWT_PRIVATE_KEY",
        "JWT_PRIVATE_KEY_FILE",
        "PUBLIC_URL",
        "TRUSTED_PROXIES",
        "AI_URLS",
        "AI_DATABASE_URL",
        "AI_TRAININGS",
        "HEARTBEAT_FILE",
        "METRICS_PORT",
        "PROMETHEUS_MULTIPROC_DIR",
    }
)


#: Settings of traces, which every program of a stack reads alike.
TRACING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_TRACES_SAMPLER_ARG")


def backend_environment(
    state: StateFolder, *, database_url: str, redis_url: str, public_url: str, rate_limit: str = "on"
) -> dict[str, str]:
    """Settings of a backend whose secrets and files are in ``state``. Mails become files in its ``mail`` folder."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": state.secret("django_secret_key"),
        "JWT_PRIVATE_KEY_FILE": str(state.signing_key_file()),
        "PUBLIC_URL": public_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "RATE_LIMIT": rate_limit,
        "MEDIA_ROOT": str(state.path / "media"),
        "STATIC_ROOT": str(state.path / "static"),
        "EMAIL_URL": f"filemail:///{state.path / 'mail'}",
        "PYTHONUNBUFFERED": "1",
    }


def placeholder_environment(folder: Path) -> dict[str, str]:
    """Valid settings that reach no server: enough to import the backend, to check types and for unit tests."""
    (folder / "static").mkdir(parents=True, exist_ok=True)
    return {
        "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "placeholder-for-tools-that-only-import-the-backend",
        "JWT_PRIVATE_KEY": new_rsa_key(),
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
    }
