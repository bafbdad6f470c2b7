"""The servers that hold the data of a stack or of a test run, chosen from what this machine has."""

from dataclasses import dataclass
from typing import Literal

from tools.errors import ToolError
from tools.ports import is_free, require_free
from tools.processes import ProcessTable, Service
from tools.servers import debian, postgres, redis
from tools.state import StateFolder

Flavour = Literal["embedded", "debian", "auto"]
DEBIAN_PACKAGES = ("postgresql-15", "redis-server")


@dataclass(frozen=True)
class Datastores:
    """PostgreSQL and Redis."""

    postgres: postgres.PostgresServer
    redis: redis.RedisServer

    @property
    def label(self) -> str:
        """For people: which servers these are."""
        return f"{self.postgres.programs.label}, {self.redis.programs.label}"

    def services(self) -> list[Service]:
        """The programs to keep running."""
        return [self.postgres.service(), self.redis.service()]

    def start(self, table: ProcessTable) -> bool:
        """Start what does not run; whether the database is new and empty."""
        self.postgres.initialise()
        self.redis.initialise()
        table.ensure(self.services())
        return self.postgres.create_database()


def plan_datastores(
    state: StateFolder, *, flavour: Flavour, durable: bool, pg_port: int, redis_port: int
) -> Datastores:
    """Servers on the data of ``state``."""
    postgres_programs, redis_programs = choose_programs(flavour)
    data = state.path / "data"
    return Datastores(
        postgres.PostgresServer(
            programs=postgres_programs,
            data=data / "postgres",
            port=pg_port,
            password=state.secret("postgres_password"),
            durable=durable,
        ),
        redis.RedisServer(
            programs=redis_programs,
            data=data / "redis",
            port=redis_port,
            password=state.secret("redis_password"),
            durable=durable,
        ),
    )


def choose_programs(flavour: Flavour) -> tuple[postgres.PostgresPrograms, redis.RedisPrograms]:
    """Debian's servers (installed if need be) or the wheels'; ``auto`` prefers Debian's."""
    if flavour != "embedded":
        debian.ensure_installed(DEBIAN_PACKAGES)
        found = postgres.debian_programs(), redis.debian_programs()
        if found[0] and found[1]:
            return found[0], found[1]
        if flavour == "debian":
            raise ToolError(
                f"The packages {' and '.join(DEBIAN_PACKAGES)} are not installed and could not be."
            )
    return postgres.embedded_programs(), redis.embedded_programs()


def settle_port(
    state: StateFolder,
    table: ProcessTable,
    name: str,
    *,
    chosen: int | None,
    variable: str,
    program: str = "",
) -> int:
    """The port for a service: the one asked for if it can be had, else one that stays the same from start to start.

    ``program`` listens on it, where that is not ``name``.
    """
    record = table.record(program or name)
    running = record if record and record.alive else None
    if chosen is None:
        port = state.port(name)
        return port if running or is_free(port) else state.move_port(name)
    if not (running and running.address.endswith(f":{chosen}")):
        require_free(chosen, variable)
    return chosen
