"""Prometheus from Debian's package, on the loopback address, that asks the programs of a stack."""

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.ports import LOOPBACK
from tools.processes import Service
from tools.servers.debian import ensure_installed
from tools.stack.ready import http_ready

NAME = "prometheus"
_TIMEOUT_S = 20


def ensure_prometheus() -> bool:
    """Whether ``prometheus`` and ``promtool`` are there, installed if that is possible here."""
    return bool(shutil.which("prometheus") and shutil.which("promtool")) or ensure_installed(("prometheus",))


@dataclass(frozen=True)
class PrometheusServer:
    """One data folder and the server on it."""

    data: Path
    port: int
    #: Ports of the programs that it asks, by their names.
    targets: Mapping[str, int]
    rules: str
    interval_s: int = 1

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def initialise(self) -> None:
        """Write its configuration."""
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "rules.yaml").write_text(self.rules)
        jobs = [
            {
                "job_name": name,
                "static_configs": [
                    {"targets": [f"{LOOPBACK}:{port}"], "labels": {"app_kubernetes_io_part_of": "meshop"}}
                ],
            }
            for name, port in self.targets.items()
        ]
        every = f"{self.interval_s}s"
        document = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": ["rules.yaml"],
            "scrape_configs": jobs,
        }
        (self.data / "prometheus.yml").write_text(yaml.safe_dump(document))

    def service(self) -> Service:
        """The server as a program to keep running; :meth:`initialise` must have run."""
        return Service(
            name=NAME,
            command=(
                str(shutil.which("prometheus")),
                f"--config.file={self.data / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.data / 'data'}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                "--enable-feature=exemplar-storage",
                "--log.level=warn",
            ),
            ready=http_ready(self.port, "/-/ready"),
            address=self.url,
            note="metrics and alerts",
            yields=True,
        )


def prometheus_ask(url: str, path: str, **parameters: str | float) -> Any:
    """The ``data`` of an answer of Prometheus's API. Raises ``OSError`` (``HTTPError`` for a bad query)."""
    address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - an address of ours
        return json.load(answer)["data"]
