"""The gateway's own pages, in FastAPI: health, metrics, the merged documentation, and its state."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse

from meshop_gateway.openapi import MergedDocument
from meshop_shared.web import Lifespan, create_app

_ASSETS = "/static/drf_spectacular_sidecar/swagger-ui-dist"
State = Callable[[], dict[str, Any]]


def pages_app(
    *, lifespan: Lifespan, document: MergedDocument, state: State, version: str, metrics_dir: Path | None
) -> FastAPI:
    """Build the app. Its assets come from the backend, so the documentation needs no other host."""
    app = create_app(
        service="gateway",
        version=version,
        lifespan=lifespan,
        docs_path=None,
        openapi_path=None,
        metrics_dir=metrics_dir,
    )
    started = time.time()

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(await document.get())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Meshop API",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon-32x32.png",
        )

    @app.get("/gateway/status", include_in_schema=False)
    async def status() -> JSONResponse:
        return JSONResponse({"version": version, "uptime_s": round(time.time() - started), **state()})

    return app
