"""``python -m tests.support.qdrant_front --port 6333 [--path FOLDER]``: a Qdrant for tests, over HTTP.

There is no package with Qdrant's server, so this puts the part of its REST interface that we use in front of
qdrant-client's local mode: collections, aliases, points with conditional upserts, scroll, count, query. Requests are
served one after the other. Without ``--path`` everything is in memory. Not for production: it compares every vector.
"""

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client import QdrantClient, models
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

UPSERT = TypeAdapter(models.PointInsertOperations)
SELECTOR = TypeAdapter(models.PointsSelector)
Act = Callable[[QdrantClient, str, Any], Any]


class Front:
    """The interface over one local client."""

    def __init__(self, path: str | None = None) -> None:
        self._client = QdrantClient(path=path) if path else QdrantClient(":memory:")
        self._lock = threading.Lock()

    def app(self) -> Starlette:
        """Everything that is answered."""
        return Starlette(
            routes=[
                Route(
                    "/",
                    lambda _: JSONResponse({"title": "qdrant - vector search engine", "version": "1.16.0"}),
                ),
                *(
                    Route(f"/{probe}", lambda _: PlainTextResponse("ok"))
                    for probe in ("healthz", "readyz", "livez")
                ),
                *(
                    Route(path, self._endpoint(read, act), methods=[method])
                    for (method, path), (read, act) in ACTIONS.items()
                ),
            ]
        )

    def _endpoint(self, read: TypeAdapter[Any] | None, act: Act) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                asked = read.validate_json(body) if read is not None else None
                return await run_in_threadpool(self._answer, act, request.path_params.get("name", ""), asked)
            except ValidationError as error:
                return _error(400, str(error))

        return endpoint

    def _answer(self, act: Act, name: str, asked: Any) -> Response:
        try:
            with self._lock:
                result = act(self._client, name, asked)
        except ValueError as error:
            missing = "not found" in str(error)
            return _error(404 if missing else 409 if "already exists" in str(error) else 400, str(error))
        return JSONResponse({"result": _plain(result), "status": "ok", "time": 0.0})


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"status": {"error": sentence}, "time": 0.0}, status)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _done(_: Any) -> models.UpdateResult:
    return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


def _create(client: QdrantClient, name: str, asked: models.CreateCollection) -> bool:
    return client.create_collection(
        name, vectors_config=asked.vectors, sparse_vectors_config=asked.sparse_vectors
    )


def _delete_collection(client: QdrantClient, name: str, _: None) -> bool:
    existed = client.collection_exists(name)
    return client.delete_collection(name) and existed


def _upsert(client: QdrantClient, name: str, asked: Any) -> Any:
    points = asked.points if isinstance(asked, models.PointsList) else asked.batch
    return _done(
        client.upsert(name, points, update_filter=asked.update_filter, update_mode=asked.update_mode)
    )


def _scroll(client: QdrantClient, name: str, asked: models.ScrollRequest) -> dict[str, Any]:
    points, following = client.scroll(
        name, scroll_filter=asked.filter, limit=asked.limit or 10, offset=asked.offset, order_by=asked.order_by,
        with_payload=asked.with_payload is None or asked.with_payload, with_vectors=asked.with_vector or False,
    )  # fmt: skip
    return {"points": _plain(points), "next_page_offset": following}


def _query(client: QdrantClient, name: str, asked: models.QueryRequest) -> models.QueryResponse:
    return client.query_points(
        name, query=asked.query, using=asked.using, prefetch=asked.prefetch, query_filter=asked.filter,
        search_params=asked.params, limit=asked.limit or 10, offset=asked.offset,
        with_payload=asked.with_payload or False, with_vectors=asked.with_vector or False,
        score_threshold=asked.score_threshold, lookup_from=asked.lookup_from,
    )  # fmt: skip


#: By method and path: how the body is read, and what is done.
ACTIONS: dict[tuple[str, str], tuple[TypeAdapter[Any] | None, Act]] = {
    ("GET", "/collections"): (None, lambda client, _n, _a: client.get_collections()),
    ("GET", "/aliases"): (None, lambda client, _n, _a: client.get_aliases()),
    ("POST", "/collections/aliases"): (
        TypeAdapter(models.ChangeAliasesOperation),
        lambda client, _n, asked: client.update_collection_aliases(asked.actions),
    ),
    ("GET", "/collections/{name}"): (None, lambda client, name, _a: client.get_collection(name)),
    ("PUT", "/collections/{name}"): (TypeAdapter(models.CreateCollection), _create),
    ("PATCH", "/collections/{name}"): (None, lambda client, name, _a: bool(client.get_collection(name))),
    ("DELETE", "/collections/{name}"): (None, _delete_collection),
    ("GET", "/collections/{name}/exists"): (
        None,
        lambda client, name, _a: {"exists": client.collection_exists(name)},
    ),
    ("GET", "/collections/{name}/aliases"): (
        None,
        lambda client, name, _a: client.get_collection_aliases(name),
    ),
    ("PUT", "/collections/{name}/index"): (
        TypeAdapter(models.CreateFieldIndex),
        lambda client, name, _a: _done(client.get_collection(name)),
    ),
    ("PUT", "/collections/{name}/points"): (UPSERT, _upsert),
    ("POST", "/collections/{name}/points"): (
        TypeAdapter(models.PointRequest),
        lambda client, name, asked: client.retrieve(
            name,
            asked.ids,
            with_payload=True if asked.with_payload is None else asked.with_payload,
            with_vectors=asked.with_vector or False,
        ),
    ),
    ("POST", "/collections/{name}/points/delete"): (
        SELECTOR,
        lambda client, name, asked: _done(client.delete(name, points_selector=asked)),
    ),
    ("POST", "/collections/{name}/points/payload"): (
        TypeAdapter(models.SetPayload),
        lambda client, name, asked: _done(
            client.set_payload(name, asked.payload, points=asked.points or asked.filter)
        ),
    ),
    ("POST", "/collections/{name}/points/scroll"): (TypeAdapter(models.ScrollRequest), _scroll),
    ("POST", "/collections/{name}/points/count"): (
        TypeAdapter(models.CountRequest),
        lambda client, name, asked: client.count(name, count_filter=asked.filter),
    ),
    ("POST", "/collections/{name}/points/query"): (TypeAdapter(models.QueryRequest), _query),
    ("POST", "/collections/{name}/points/query/batch"): (
        TypeAdapter(models.QueryRequestBatch),
        lambda client, name, asked: [_query(client, name, one) for one in asked.searches],
    ),
}


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.qdrant_front", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6333)
    parser.add_argument("--path", type=Path, help="folder to keep everything in")
    asked = parser.parse_args()
    front = Front(str(asked.path) if asked.path else None)
    uvicorn.run(front.app(), host=asked.host, port=asked.port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
