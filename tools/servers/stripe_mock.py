"""Stripe's own mock of its API: checks every parameter against the OpenAPI description, and remembers nothing.

Built once from its Go module into ``build/bin``; where Go or the module cannot be had, there is none.
"""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.paths import BUILD
from tools.ports import LOOPBACK, answers, pick_port
from tools.processes import Service

NAME = "stripe-mock"
MODULE, VERSION = "github.com/stripe/stripe-mock", "v0.203.0"
BUILD_TIMEOUT_S = 600


def program() -> Path:
    """Where it is kept; the version is part of the name, so that another one is built anew."""
    return BUILD / "bin" / f"stripe-mock-{VERSION}"


def ensure_built() -> bool:
    """Build it if it is missing and that is possible here; whether it is there now."""
    if program().exists():
        return True
    if not shutil.which("go"):
        return False
    folder = program().parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stripe-mock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return program().exists() or _build(folder)


def _build(folder: Path) -> bool:
    print(f"Building {MODULE} {VERSION}, once.", flush=True)
    workshop = folder / "stripe-mock.new"
    try:
        subprocess.run(
            ["go", "install", f"{MODULE}@{VERSION}"],
            env={**os.environ, "GOBIN": str(workshop), "GOFLAGS": "-buildvcs=false"},
            check=True,
            timeout=BUILD_TIMEOUT_S,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{NAME} could not be built: {error}", flush=True)
        return False
    (workshop / NAME).replace(program())
    return True


@dataclass(frozen=True)
class StripeMock:
    """The server."""

    port: int
    tls_port: int

    @classmethod
    def planned(cls) -> "StripeMock":
        """On two free ports."""
        port = pick_port()
        return cls(port, pick_port(avoid=frozenset({port})))

    @property
    def url(self) -> str:
        """What the Stripe library takes as the base of the API."""
        return f"http://{LOOPBACK}:{self.port}"

    def service(self) -> Service:
        """The server as a program to keep running; :func:`ensure_built` must have said yes."""
        addresses = (f"{LOOPBACK}:{self.port}", f"{LOOPBACK}:{self.tls_port}")
        return Service(
            name=NAME,
            command=(str(program()), "-http-addr", addresses[0], "-https-addr", addresses[1]),
            ready=lambda: answers(self.port),
            address=addresses[0],
        )
