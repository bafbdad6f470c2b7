"""The proxies that are compared, each one process on a core of its own, and what stands behind and before them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from meshop_shared.tokens import TokenSigner
from tests.support.gateway import GatewayProcess
from tests.support.polling import wait_until
from tools.paths import ROOT
from tools.ports import answers, pick_port
from tools.servers.debian import ensure_installed

PACKAGES = ("nginx-light", "wrk")
STREAM_BYTES = 100_000_000
_NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; default_type application/json; keepalive_requests 100000000; sendfile on; tcp_nodelay on;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  {http}
}}
"""
_STATIC = """
server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; open_file_cache max=10;
  location = /api/auth/.well-known/jwks.json {{ try_files /jwks.json =404; }}
  location = /api/stream {{ alias {root}/stream.bin; }}
  location / {{ try_files /answer.json =404; }} }}
"""
_PROXY = """
upstream up {{ server {upstream}; keepalive 512; keepalive_requests 100000000; }}
server {{ listen 127.0.0.1:{port} backlog=4096;
  location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""


@dataclass(frozen=True)
class Running:
    """A server, and the process whose time and memory it costs."""

    url: str
    process: psutil.Process

    @property
    def netloc(self) -> str:
        return self.url.partition("//")[2]


def tools_ensure() -> None:
    """nginx and wrk, from the distribution. Stops with a sentence where they cannot be had."""
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name, path=_path())]
    if missing and not ensure_installed(PACKAGES):
        sys.exit(
            f"This benchmark compares with nginx and measures with wrk; {missing} cannot be installed here."
        )


def _path() -> str:
    return os.pathsep.join((os.environ["PATH"], "/usr/sbin"))


def cores() -> tuple[set[int], set[int]]:
    """Where the measured proxy runs, and where everything else does."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


@contextmanager
def _program(command: list[str], port: int, *, on: set[int], **environment: str) -> Iterator[Running]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment, "PATH": _path()},
        preexec_fn=lambda: os.sched_setaffinity(0, on),
    )
    try:
        wait_until(lambda: answers(port))
        yield Running(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _nginx(
    http: str, *, on: set[int], files: dict[str, bytes] | None = None, **values: str
) -> Iterator[Running]:
    port = pick_port()
    with tempfile.TemporaryDirectory(prefix="meshop-bench-") as folder:
        Path(folder).chmod(0o755)
        for name, content in (files or {}).items():
            (Path(folder) / name).write_bytes(content)
        if files:
            os.truncate(Path(folder) / "stream.bin", STREAM_BYTES)
        (Path(folder) / "nginx.conf").write_text(
            _NGINX.format(folder=folder, http=http.format(port=port, root=folder, **values))
        )
        with _program(["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"], port, on=on) as running:
            yield running


def static_upstream(signer: TokenSigner) -> AbstractContextManager[Running]:
    """1 KB of JSON at every path, as fast as it gets: nginx from its file cache. Besides, a stream and public keys."""
    body = b'{"items": "%b"}\n' % (b"x" * 1_010)
    keys = json.dumps(signer.jwks()).encode()
    return _nginx(_STATIC, on=cores()[1], files={"answer.json": body, "jwks.json": keys, "stream.bin": b""})


def nginx_proxy(upstream: Running) -> AbstractContextManager[Running]:
    """A plain proxy with kept upstream connections and no log."""
    return _nginx(_PROXY, on=cores()[0], upstream=upstream.netloc)


def naive_proxy(upstream: Running) -> AbstractContextManager[Running]:
    """FastAPI and httpx under uvicorn, with the fast loop and parser."""
    port = pick_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    command = [sys.executable, "-m", "uvicorn", "tests.load.naive_proxy:app", "--port", str(port), *options]
    return _program(command, port, on=cores()[0], UPSTREAM=upstream.url)


def limited_upstream() -> AbstractContextManager[Running]:
    """See :mod:`tests.load.limited_upstream`."""
    port = pick_port()
    return _program([sys.executable, "-m", "tests.load.limited_upstream", str(port)], port, on=cores()[1])


@contextmanager
def meshop_gateway(upstream: Running, **settings: str) -> Iterator[Running]:
    """The gateway, one worker."""
    values = {"BACKEND_URL": upstream.url, **{name.upper(): value for name, value in settings.items()}}
    replica = GatewayProcess(values).start()
    try:
        assert replica.process is not None
        process = psutil.Process(replica.process.pid)
        process.cpu_affinity(sorted(cores()[0]))
        yield Running(f"http://127.0.0.1:{replica.port}", process)
    finally:
        replica.stop()


@dataclass(frozen=True)
class Measured:
    """One round: requests a second, latency, and how busy the proxy was while it lasted (1.0: a whole core)."""

    rate: float
    p50_ms: float
    busy: float
    failed: int


def wrk(
    target: Running,
    *,
    path: str = "/api/x",
    connections: int = 64,
    seconds: float = 2.0,
    script: Path | None = None,
    fields: tuple[str, ...] = (),
) -> Measured:
    """Ask as fast as the proxy answers. A script must not be slower than that."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "--timeout", "10s"]
    if script is not None:
        command += ["-s", str(script)]
    for field in fields:
        command += ["-H", field]
    used = _cpu(target)
    done = subprocess.run(
        [*command, target.url + path],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores()[1]),
    ).stdout
    busy = (_cpu(target) - used) / seconds
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    p50 = re.search(r"50%\s+([\d.]+)(us|ms|s)", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    assert p50, done
    assert rate, done
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p50[2]]
    return Measured(float(rate[1]), float(p50[1]) * scale, busy, int(failed[1]) if failed else 0)


def _cpu(target: Running) -> float:
    times = target.process.cpu_times()
    return float(times.user + times.system)
