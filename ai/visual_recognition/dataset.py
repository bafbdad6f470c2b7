"""Labelled pictures to judge on: GroceryStoreDataset (Klasson et al. 2019, MIT), as a folder or its tar file."""

import csv
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pictures:
    """Iconic pictures, one for each class, and photos with their classes; ``category`` of each class is coarse."""

    iconic: list[bytes]
    categories: list[str]
    photos: list[bytes]
    classes: NDArray[np.int64]

    def digest(self) -> str:
        """SHA-256 over all pictures and labels."""
        whole = hashlib.sha256(repr((self.categories, self.classes.tolist())).encode())
        for content in (*self.iconic, *self.photos):
            whole.update(hashlib.sha256(content).digest())
        return whole.hexdigest()


def pictures_read(source: Path, *, split: str = "val") -> Pictures:
    """Read a folder with ``classes.csv`` in or below it, or such a tar file. Photos whose file is missing are left out.

    Raises ``SystemExit`` with a sentence when it is something else.
    """
    files = _files(source)
    listing = next((name for name in files if name.endswith("classes.csv")), None)
    if listing is None:
        raise SystemExit(f"{source}: no classes.csv in it")
    base = listing.removesuffix("classes.csv")
    rows = list(csv.DictReader(io.StringIO(files[listing].decode())))
    iconic = [files[base + row["Iconic Image Path (str)"].lstrip("/")] for row in rows]
    photos, classes = [], []
    for line in files[f"{base}{split}.txt"].decode().splitlines():
        name, number, _ = (part.strip() for part in line.split(","))
        if base + name in files:
            photos.append(files[base + name])
            classes.append(int(number))
    if not photos:
        raise SystemExit(f"{source}: no photos of {split}.txt in it")
    categories = [row["Coarse Class Name (str)"] for row in rows]
    return Pictures(iconic, categories, photos, np.array(classes, np.int64))


def gallery_read(folder: Path) -> list[bytes]:
    """Unlabelled photos: every picture below a folder, by name."""
    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    return [file.read_bytes() for file in sorted(folder.rglob("*")) if file.suffix.lower() in suffixes]


def _files(source: Path) -> Mapping[str, bytes]:
    if source.is_dir():
        return {
            str(PurePosixPath(file.relative_to(source))): file.read_bytes()
            for file in source.rglob("*")
            if file.is_file()
        }
    with tarfile.open(source) as tar:
        members = [one for one in tar.getmembers() if one.isfile()]
        return {one.name.removeprefix("./"): tar.extractfile(one).read() for one in members}  # type: ignore[union-attr]
