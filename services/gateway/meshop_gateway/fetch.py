"""Fetching a document of an upstream for the gateway itself: public keys, OpenAPI documents."""

import asyncio
from urllib.parse import urlsplit

from meshop_gateway.routes import UpstreamSpec
from meshop_gateway.upstream import Upstream
from meshop_gateway.upstream_conn import UpstreamFailure

_TIMEOUT_S = 5.0
_MOST_BYTES = 8_000_000


async def document_fetch(url: str) -> bytes:
    """The body of a 200 answer to GET. Raises :class:`UpstreamFailure` for anything else, after 5 seconds at most."""
    parts = urlsplit(url)
    upstream = Upstream(
        "documents", UpstreamSpec(url=f"{parts.scheme}://{parts.netloc}"), asyncio.get_running_loop()
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\naccept: application/json\r\nconnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            conn = await upstream.connect()
            try:
                await conn.start(head.encode(), method="GET")
                if conn.status != 200:
                    raise UpstreamFailure(f"answered {conn.status}")
                body = bytearray()
                while not conn.exhausted:
                    body += await conn.read()
                    if len(body) > _MOST_BYTES:
                        raise UpstreamFailure("answered too much")
            finally:
                conn.abort()
    except TimeoutError as error:
        raise UpstreamFailure("did not answer in time") from error
    return bytes(body)
