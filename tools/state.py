"""The folder in which a stack keeps its data, its secrets and what it remembers between commands."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.errors import ToolError
from tools.ports import pick_port


class StateFolder:
    """``data/ logs/ run/ media/ static/ mail/ secrets/ state.json`` below one path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            for name in ("data", "media", "static", "mail"):
                (path / name).mkdir(parents=True, exist_ok=True)
            (path / "secrets").mkdir(mode=0o700, exist_ok=True)
            (path / "state.json").touch()
        except PermissionError as error:
            raise ToolError(
                f"{error.filename} belongs to another user: run as that user, or remove {path.name}/ and its data."
            ) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Let one command at a time change the stack."""
        with (self.path / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ToolError(
                    "Another command is starting or stopping this stack: wait for it to end."
                ) from error
            yield

    def remembered(self, key: str) -> Any:
        """A value kept by :meth:`remember`; ``None`` when there is none."""
        return self._read().get(key)

    def remember(self, key: str, value: Any) -> None:
        """Keep a JSON value for later commands."""
        values = {**self._read(), key: value}
        write_private(self.path / "state.json", json.dumps(values, indent=2))

    def port(self, name: str) -> int:
        """The port of a service that nobody chose: the same at every start while it stays free."""
        ports: dict[str, int] = self.remembered("ports") or {}
        if name not in ports:
            ports[name] = pick_port(avoid=frozenset(ports.values()))
            self.remember("ports", ports)
        return ports[name]

    def move_port(self, name: str) -> int:
        """Another port, because somebody else took the remembered one."""
        ports: dict[str, int] = self.remembered("ports") or {}
        ports[name] = pick_port(avoid=frozenset(ports.values()))
        self.remember("ports", ports)
        return ports[name]

    def secret(self, name: str) -> str:
        """A random word of 43 URL-safe characters, made once."""
        return self.secret_file(name, lambda: secrets.token_urlsafe(32)).read_text()

    def signing_key_file(self) -> Path:
        """An RSA key (PEM) that signs access tokens, made once."""
        return self.secret_file("jwt_private_key.pem", new_rsa_key)

    def secret_file(self, name: str, make: Callable[[], str]) -> Path:
        """A file that only its owner may read, with what ``make`` answered the first time."""
        path = self.path / "secrets" / name
        if not path.exists():
            write_private(path, make())
        return path

    def _read(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads((self.path / "state.json").read_text() or "{}")
        return values


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    draft.replace(path)


def new_rsa_key() -> str:
    """A fresh 2048-bit key as PKCS#8 PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
