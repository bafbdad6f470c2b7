"""A real Elasticsearch node of its own on the loopback address.

The program is Elastic's own distribution without modules, from the Maven repository of the machine's settings; what it
lacks (the root endpoint, common analysis) comes from the small plugin in ``elasticsearch_gaps``. Made once, below
``build/elasticsearch``; where Maven or a JDK cannot be had, there is none.
"""

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.paths import BUILD, ROOT
from tools.ports import LOOPBACK
from tools.processes import Service, source_digest
from tools.servers import debian
from tools.servers.privileges import Privileges, without_root
from tools.state import StateFolder

NAME = "elasticsearch"
VERSION = "8.19.21"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
GAPS = ROOT / "tools" / "servers" / "elasticsearch_gaps"
PACKAGES = ("maven", "openjdk-17-jdk-headless")
TIMEOUT_S = 600
_READ_BY_ALL = 0o755


def home() -> Path:
    """Where the program is; the version and the plugin's sources are part of the name."""
    stamp = source_digest((GAPS,))[:12]
    return BUILD / "elasticsearch" / f"{VERSION}-{stamp}"


@functools.cache
def ensure_made() -> str:
    """Make the program if it is missing; why that is not possible here, or nothing."""
    if home().exists():
        return ""
    if not (shutil.which("mvn") and shutil.which("javac")) and not debian.ensure_installed(PACKAGES):
        return "Maven and a JDK are missing"
    home().parent.mkdir(parents=True, exist_ok=True)
    with (home().parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return "" if home().exists() else _make()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            return f"{error}"


def _make() -> str:
    print(f"Getting Elasticsearch {VERSION}, once.", flush=True)
    with tempfile.TemporaryDirectory(dir=home().parent) as name:
        workshop = Path(name)
        _maven("dependency:get", f"-Dartifact={ARTIFACT}", "-Dtransitive=false")
        _maven("dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={workshop}")
        with zipfile.ZipFile(next(workshop.glob("*.zip"))) as archive:
            archive.extractall(workshop)
        program = next(workshop.glob("elasticsearch-*/bin/elasticsearch")).parent.parent
        _add_plugin(program)
        for path in (program / "bin").iterdir():
            path.chmod(_READ_BY_ALL)
        workshop.chmod(_READ_BY_ALL)
        program.replace(home())
    return ""


def _maven(*arguments: str) -> None:
    subprocess.run(
        ["mvn", "-q", "-B", *arguments], check=True, timeout=TIMEOUT_S, cwd="/", stdout=subprocess.DEVNULL
    )


def _add_plugin(program: Path) -> None:
    plugin = program / "plugins" / "gaps"
    classes = program / "classes"
    plugin.mkdir(parents=True)
    sources = [str(path) for path in GAPS.rglob("*.java")]
    command = ["javac", "--release", "17", "-nowarn", "-cp", f"{program}/lib/*", "-d", str(classes), *sources]
    subprocess.run(command, check=True, timeout=TIMEOUT_S, capture_output=True)
    with zipfile.ZipFile(plugin / "gaps.jar", "w") as jar:
        for path in sorted(classes.rglob("*.class")):
            jar.write(path, path.relative_to(classes))
    shutil.rmtree(classes)
    shutil.copy(GAPS / "plugin-descriptor.properties", plugin)


@dataclass(frozen=True)
class ElasticsearchServer:
    """One data folder and the node on it."""

    data: Path
    port: int
    transport_port: int
    heap_mb: int = 512

    @classmethod
    def planned(cls, state: StateFolder) -> "ElasticsearchServer":
        """The node of this folder, always the same."""
        return cls(
            state.path / "data" / "elasticsearch",
            state.port("elasticsearch"),
            state.port("elasticsearch_transport"),
        )

    def url(self) -> str:
        """Where clients connect."""
        return f"http://{LOOPBACK}:{self.port}"

    def initialise(self) -> None:
        """Write the configuration. Anybody on this machine may talk to the node: it is for tests and benchmarks."""
        settings = {
            "cluster.name": "meshop",
            "node.name": "one",
            "network.host": LOOPBACK,
            "http.port": self.port,
            "transport.port": self.transport_port,
            "discovery.type": "single-node",
            "path.data": self.data / "data",
            "path.logs": self.data / "logs",
            "xpack.security.enabled": "false",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        config = self.data / "config"
        folders = (config, self.data / "data", self.data / "logs", self.data / "tmp")
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        (config / "elasticsearch.yml").write_text(
            "".join(f"{name}: {value}\n" for name, value in settings.items())
        )
        (config / "jvm.options").write_text(
            f"-Xms{self.heap_mb}m\n-Xmx{self.heap_mb}m\n-XX:+UseG1GC\n-Djava.io.tmpdir={self.data / 'tmp'}\n"
            "-XX:+ExitOnOutOfMemoryError\n"
        )
        shutil.copy(home() / "config" / "log4j2.properties", config)
        self._privileges().own(*folders, self.data)

    def service(self) -> Service:
        """The node as a program to keep running; :func:`ensure_made` and :meth:`initialise` must have run."""
        privileges = self._privileges()
        return Service(
            name=NAME,
            command=(*privileges.prefix, str(home() / "bin" / "elasticsearch")),
            run_as=privileges.run_as,
            env={
                "ES_PATH_CONF": str(self.data / "config"),
                "ES_TMPDIR": str(self.data / "tmp"),
                "HOME": str(self.data),
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "ES_JAVA_HOME": str(_java_home()),
            },
            ready=self.is_ready,
            address=f"{LOOPBACK}:{self.port}",
            note=f"Elasticsearch {VERSION}, heap of {self.heap_mb} MB",
            ready_s=120,
            grace_s=30,
        )

    def is_ready(self) -> bool:
        """Whether the node answers searches."""
        try:
            address = f"{self.url()}/_cluster/health?wait_for_status=yellow&timeout=1s"
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _privileges(self) -> Privileges:
        self.data.mkdir(parents=True, exist_ok=True)
        return without_root(_java_home() / "bin" / "java", self.data)


@functools.cache
def _java_home() -> Path:
    java = shutil.which("javac") or shutil.which("java")
    return Path(java).resolve().parent.parent if java else Path("/usr")
