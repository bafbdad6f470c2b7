"""A receiver of traces (OTLP over HTTP) that writes one JSON line for each span: ``… --port PORT --file FILE``.

For tests and for a look at what the local stack does; it keeps nothing in memory and knows no queries.
"""

import argparse
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tools.ports import LOOPBACK

_LARGEST_BODY = 16_000_000
_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")


def spans_read(body: bytes) -> Iterator[dict[str, Any]]:
    """The spans of one export, flat. Raises ``google.protobuf.message.DecodeError``."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _attributes(resource.resource.attributes).get("service.name", "")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {
                    "service": service,
                    "name": span.name,
                    "kind": _KINDS[span.kind],
                    "trace_id": span.trace_id.hex(),
                    "span_id": span.span_id.hex(),
                    "parent_id": span.parent_span_id.hex(),
                    "links": [{"trace_id": x.trace_id.hex(), "span_id": x.span_id.hex()} for x in span.links],
                    "attributes": _attributes(span.attributes),
                    "start_ns": span.start_time_unix_nano,
                    "end_ns": span.end_time_unix_nano,
                    "error": span.status.code == 2,
                }


def receiver(port: int, file: Path | None) -> ThreadingHTTPServer:
    """A server on the loopback address; ``serve_forever`` runs it. Without a file it throws spans away."""
    lock = threading.Lock()
    if file is not None:
        file.touch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, b"ready")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != "/v1/traces" or not 0 < length <= _LARGEST_BODY:
                self._answer(404, b"")
                return
            body = self.rfile.read(length)
            if file is not None:
                lines = "".join(json.dumps(span) + "\n" for span in spans_read(body))
                with lock, file.open("a") as out:
                    out.write(lines)
            self._answer(200, ExportTraceServiceResponse().SerializeToString())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs}


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tools.observability.trace_receiver", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--file", type=Path)
    to.add_argument("--discard", action="store_true", help="throw spans away, for benchmarks")
    options = parser.parse_args()
    with receiver(options.port, options.file) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
