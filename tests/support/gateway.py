"""Gateways as real processes, Redis of their own, and raw sockets to ask them with."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from meshop_shared.tokens import TokenSigner
from tools.paths import ROOT
from tools.ports import pick_port

PYTHONPATH = os.pathsep.join(str(ROOT / "services" / name) for name in ("shared", "gateway"))


def make_signer(lifetime_s: int = 900) -> TokenSigner:
    """A signer with a new key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return TokenSigner(private_key_pem=pem, issuer="meshop", audience="meshop", lifetime_s=lifetime_s)


@dataclass
class GatewayProcess:
    """One replica."""

    settings: dict[str, str]
    port: int = 0
    output: Path = field(default_factory=lambda: Path(tempfile.mkstemp(suffix=".gateway.log")[1]))
    process: "subprocess.Popen[bytes] | None" = None

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start."""
        self.port = self.port or pick_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": PYTHONPATH,
            "PORT": str(self.port),
            **self.settings,
        }
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "meshop_gateway"],
                env=environment,
                stdout=output,
                stderr=output,
                cwd=ROOT,
            )
        return self.process

    def start(self) -> "GatewayProcess":
        """Start and wait until it is ready."""
        process, deadline = self.spawn(), time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, self.log()
            try:
                if (
                    status_of(self.ask(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                    == 200
                ):
                    return self
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the gateway did not get ready:\n{self.log()}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.output.unlink(missing_ok=True)
        return status

    def log(self) -> str:
        """What it printed."""
        return self.output.read_text(errors="replace")

    def ask(self, raw: bytes, *, timeout: float = 5.0) -> bytes:
        """Send bytes on a connection of their own and return all that comes back until it closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(raw)
            return read_all(connection, timeout)

    def get(self, path: str, *fields: str, method: str = "GET", body: bytes = b"") -> "Answer":
        """One well-formed request."""
        more = "".join(f"{field}\r\n" for field in fields)
        length = f"Content-Length: {len(body)}\r\n" if body or method in ("POST", "PUT", "PATCH") else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n{length}{more}\r\n"
        return Answer.parse(self.ask(head.encode("latin-1") + body, timeout=30))

    def state(self) -> dict[str, Any]:
        """Its status page."""
        return self.get("/gateway/status").json()


@dataclass
class Answer:
    """A parsed answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @classmethod
    def parse(cls, raw: bytes) -> "Answer":
        """Of one answer after which the connection was closed."""
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if headers.get("transfer-encoding") == "chunked":
            body = dechunked(body)
        return cls(status_of(raw), headers, body, raw)

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


def dechunked(body: bytes) -> bytes:
    """The content of a chunked body; ``AssertionError`` if it does not end properly."""
    whole = b""
    while True:
        size, _, rest = body.partition(b"\r\n")
        assert size, "the body breaks off"
        length = int(size, 16)
        if not length:
            assert rest == b"\r\n"
            return whole
        whole += rest[:length]
        body = rest[length + 2 :]


def read_all(connection: socket.socket, timeout: float) -> bytes:
    """All bytes until the other side closes, resets, or is silent for ``timeout`` seconds."""
    connection.settimeout(timeout)
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(pieces)


def status_of(raw: bytes) -> int:
    """The status of an answer; 0 if there is none."""
    match = re.match(rb"HTTP/1\.1 (\d{3})", raw)
    return int(match[1]) if match else 0


def statuses_of(raw: bytes) -> list[int]:
    """The statuses of several answers in a row."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", raw)]


@contextmanager
def gateway(**settings: str) -> Iterator[GatewayProcess]:
    """A running replica."""
    replica = GatewayProcess({name.upper(): value for name, value in settings.items()}).start()
    try:
        yield replica
    finally:
        replica.stop()


@dataclass
class RedisProcess:
    """A Redis that may be killed."""

    port: int = field(default_factory=pick_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis[bytes]":
        """To look into it."""
        return redis.Redis.from_url(self.url)

    def start(self) -> "RedisProcess":
        """Start, empty."""
        program = shutil.which("redis-server")
        if program is None:
            from tools.servers.redis import embedded_programs

            program = str(embedded_programs().server)
        self.process = subprocess.Popen(
            [
                program,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                tempfile.gettempdir(),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with self.client() as client:
                    client.ping()
                return self
            except redis.RedisError:
                time.sleep(0.02)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server() -> Iterator[RedisProcess]:
    """A running Redis."""
    server = RedisProcess().start()
    try:
        yield server
    finally:
        server.kill()
