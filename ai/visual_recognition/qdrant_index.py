"""Described pictures in Qdrant: one collection for each way of describing, shared by all replicas."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from visual_recognition.descriptors import Described, Floats
from visual_recognition.index import Entry, Shown

_PAGE = 256
_NAMESPACE = uuid.UUID("5f0c7b52-0c3a-4f6e-9a55-6b1f0f6a7a01")


class QdrantIndex:
    """Points are named by file, so that replicas which describe the same file write the same point."""

    def __init__(self, client: QdrantClient, *, descriptor: str, size: int) -> None:
        """Makes the collection unless it is there. Raises what the client raises."""
        self._client, self.collection = client, f"products-image-{descriptor}"
        if not client.collection_exists(self.collection):
            client.create_collection(
                self.collection,
                vectors_config=models.VectorParams(size=size, distance=models.Distance.DOT),
            )

    def files(self) -> Mapping[str, tuple[Shown, ...]]:
        """Read page by page; details stay where they are."""
        found: dict[str, tuple[Shown, ...]] = {}
        offset: Any = None
        while True:
            points, offset = self._client.scroll(
                self.collection,
                limit=_PAGE,
                offset=offset,
                with_payload=["file", "shown"],
                with_vectors=False,
            )
            for point in points:
                found[(point.payload or {})["file"]] = _shown(point.payload or {})
            if offset is None:
                return found

    def put(self, entries: Sequence[Entry]) -> None:
        """Write points and wait until they are kept."""
        points = [
            models.PointStruct(
                id=_id(entry.file), vector=entry.described.vector.tolist(), payload=_payload(entry)
            )
            for entry in entries
        ]
        if points:
            self._client.upsert(self.collection, points, wait=True)

    def reshow(self, shown: Mapping[str, tuple[Shown, ...]]) -> None:
        """Change a part of the payload."""
        for file, whom in shown.items():
            self._client.set_payload(self.collection, {"shown": _rows(whom)}, points=[_id(file)], wait=True)

    def drop(self, files: Sequence[str]) -> None:
        """Delete points."""
        if files:
            self._client.delete(self.collection, [_id(file) for file in files], wait=True)

    def nearest(self, vector: Floats, *, count: int) -> list[Entry]:
        """Ask for points with all that is kept of them."""
        answer = self._client.query_points(
            self.collection, query=vector.tolist(), limit=count, with_payload=True, with_vectors=True
        )
        return [_entry(point.payload or {}, point.vector) for point in answer.points]


def _id(file: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, file))


def _rows(shown: tuple[Shown, ...]) -> list[list[Any]]:
    return [[one.image_id, one.product_id, one.category] for one in shown]


def _shown(payload: Mapping[str, Any]) -> tuple[Shown, ...]:
    return tuple(Shown(*row) for row in payload["shown"])


def _payload(entry: Entry) -> dict[str, Any]:
    described = entry.described
    return {
        "file": entry.file,
        "shown": _rows(entry.shown),
        "points": np.round(described.points, 1).ravel().tolist(),
        "features": described.features.tobytes().hex(),
        "thumb": described.thumb.tobytes().hex(),
        "thumb_width": described.thumb.shape[1],
        "palette": described.palette.ravel().tolist(),
    }


def _entry(payload: Mapping[str, Any], vector: Any) -> Entry:
    return Entry(
        file=payload["file"],
        shown=_shown(payload),
        described=Described(
            vector=np.array(vector, np.float32),
            points=np.array(payload["points"], np.float32).reshape(-1, 2),
            features=_bytes(payload["features"], 128),
            thumb=_bytes(payload["thumb"], payload["thumb_width"]),
            palette=np.array(payload["palette"], np.float32).reshape(-1, 4),
        ),
    )


def _bytes(text: str, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, width)
