"""Bytes of models, wherever fsspec reaches: a folder, S3, GCS. What comes back is what was put in, or an error."""

import hashlib

import fsspec


class ArtefactInvalid(Exception):
    """The bytes in the store are not those of the registry."""


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def artefact_put(*, store: str, name: str, version: str, content: bytes) -> str:
    """Write an artefact below ``store`` and return its address. Whole or not at all: readers never see a part."""
    address = f"{store.rstrip('/')}/{name}/{version}/{digest_of(content)}.model"
    filesystem, path = fsspec.core.url_to_fs(address)
    filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    with filesystem.transaction, filesystem.open(path, "wb") as file:
        file.write(content)
    return address


def artefact_get(*, address: str, digest: str) -> bytes:
    """Read an artefact. Raises :class:`ArtefactInvalid` when its digest is another, and ``OSError``."""
    with fsspec.open(address, "rb") as file:
        content: bytes = file.read()
    if digest_of(content) != digest:
        raise ArtefactInvalid(f"the artefact at {address} has another digest than the registry says")
    return content
