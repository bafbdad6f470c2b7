"""What most people would write: a proxy of FastAPI and httpx, streaming or whole; ``bench_gateway`` runs it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One pooled client for as long as the app lives."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=512)
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"], timeout=30, limits=limits) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.api_route("/whole/{path:path}", methods=METHODS)
async def whole(path: str, request: Request) -> Response:
    """Read the whole answer, then send it: the faster of the two."""
    client: httpx.AsyncClient = request.app.state.client
    answer = await client.request(
        request.method,
        f"/{path}",
        params=request.query_params,
        headers=_sent(request),
        content=await request.body(),
    )
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(answer.content, status_code=answer.status_code, headers=headers)


@app.api_route("/{path:path}", methods=METHODS)
async def streaming(path: str, request: Request) -> StreamingResponse:
    """Pass the answer on as it comes."""
    client: httpx.AsyncClient = request.app.state.client
    url = httpx.URL(path=f"/{path}", query=request.url.query.encode())
    outgoing = client.build_request(request.method, url, headers=_sent(request), content=await request.body())
    answer = await client.send(outgoing, stream=True)
    return StreamingResponse(
        answer.aiter_raw(),
        status_code=answer.status_code,
        headers=dict(answer.headers),
        background=BackgroundTask(answer.aclose),
    )


def _sent(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
