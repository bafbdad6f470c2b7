"""The public read path: an answer that is still true is served before any view machinery runs."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core.response_cache import cached_bytes

View = Callable[..., HttpResponseBase]
_ETAG_LENGTH = 26
_JSON = "application/json"


def cached_answer(view: View, *, stamps: tuple[str, ...], unless: str | None = None) -> View:
    """Wrap a view whose anonymous GET answers depend on the path, the query and ``stamps`` only.

    Requests with ``Authorization`` pass by: their answers may differ by caller. Only 200s are stored. Answers carry
    an ``ETag``; ``If-None-Match`` gets 304. Clients must ask again each time, since only we know what has changed.
    Requests with the parameter ``unless`` pass by, too: a search index follows its stamps seconds later.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (
            request.method != "GET"
            or not _is_public(request)
            or (unless is not None and unless in request.GET)
        ):
            return view(request, *args, **kwargs)
        other: HttpResponseBase | None = None

        def make() -> bytes | None:
            nonlocal other
            response: Any = view(request, *args, **kwargs)
            if hasattr(response, "render"):
                response = response.render()
            if response.status_code != 200:
                other = response
                return None
            digest = hashlib.blake2b(response.content, digest_size=12).hexdigest()
            return f'"{digest}"'.encode() + bytes(response.content)

        stored = cached_bytes(name=_name(request), stamps=stamps, make=make)
        return other if other is not None else _respond(request, stored or b"")

    return answer


def _is_public(request: HttpRequest) -> bool:
    accept = request.META.get("HTTP_ACCEPT")
    return "HTTP_AUTHORIZATION" not in request.META and (
        not accept or "*/*" in accept or _JSON in accept or "application/*" in accept
    )


def _name(request: HttpRequest) -> str:
    query = request.META.get("QUERY_STRING", "")
    if "&" in query:
        # Repeated names keep their order, because the last one counts.
        query = "&".join(sorted(query.split("&"), key=lambda part: part.partition("=")[0]))
    return f"{request.path}?{query}"


def _respond(request: HttpRequest, stored: bytes) -> HttpResponse:
    etag, body = stored[:_ETAG_LENGTH].decode(), stored[_ETAG_LENGTH:]
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    if known == "*" or (known and etag in known):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(body, content_type=_JSON)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Vary"] = "Authorization, Accept"
    return response
