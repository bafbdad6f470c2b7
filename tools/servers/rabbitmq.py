"""A RabbitMQ server of its own on the loopback address, from Debian's package."""

import os
from dataclasses import dataclass
from pathlib import Path

from kombu import Connection
from kombu.exceptions import OperationalError

from tools.ports import LOOPBACK
from tools.processes import Service
from tools.state import write_private

NAME = "rabbitmq"
PACKAGE = "rabbitmq-server"
USER = "meshop"
#: Debian's wrapper in /usr/sbin changes users; the script behind it runs as whoever calls it.
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def is_available() -> bool:
    """Whether the package is installed."""
    return SCRIPT.exists()


@dataclass(frozen=True)
class RabbitServer:
    """One data folder and the broker on it. The ports: AMQP, Erlang's distribution, Erlang's name service."""

    data: Path
    port: int
    distribution_port: int
    epmd_port: int
    password: str

    def url(self) -> str:
        """Where clients connect."""
        return f"amqp://{USER}:{self.password}@{LOOPBACK}:{self.port}//"

    def initialise(self) -> None:
        """Write the configuration. The user is made at the first start."""
        self.data.mkdir(parents=True, mode=0o700, exist_ok=True)
        settings = {
            "listeners.tcp.1": f"{LOOPBACK}:{self.port}",
            "default_user": USER,
            "default_pass": self.password,
            "loopback_users": "none",
            "log.console": "true",
            "log.console.level": "warning",
            "log.file": "false",
            "vm_memory_high_watermark.absolute": "512MiB",
            "disk_free_limit.absolute": "100MB",
            # A quorum queue that fsyncs a small log is enough for data that a test made a moment ago.
            "raft.wal_max_size_bytes": "32000000",
        }
        write_private(self.data / "rabbitmq.conf", "".join(f"{k} = {v}\n" for k, v in settings.items()))
        write_private(self.data / "enabled_plugins", "[].\n")
        write_private(self.data / ".erlang.cookie", self.password)
        (self.data / ".erlang.cookie").chmod(0o400)

    def service(self) -> Service:
        """The broker as a program to keep running; :meth:`initialise` must have run."""
        return Service(
            name=NAME,
            # Erlang's name service would detach itself; started here, it ends with the broker.
            command=("/bin/sh", "-c", f"epmd & exec {SCRIPT}"),
            env=self._environment(),
            ready=self.is_ready,
            address=f"{LOOPBACK}:{self.port}",
            note="RabbitMQ (Debian)",
            ready_s=90,
            grace_s=20,
        )

    def is_ready(self) -> bool:
        """Whether a client can log in."""
        try:
            with Connection(self.url(), connect_timeout=1) as connection:
                connection.connect()
                return True
        except (OSError, OperationalError):
            return False

    def _environment(self) -> dict[str, str]:
        home = str(self.data)
        return {
            "HOME": home,
            "RABBITMQ_NODENAME": f"meshop-{self.port}@localhost",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_PID_FILE": str(self.data / "pid"),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +S 2:2",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self.epmd_port),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        }
