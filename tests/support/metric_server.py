"""Answers instant queries as Prometheus does, with numbers that the test sets."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class MetricServer:
    """``values`` by query; a query that is not there has no data. ``down`` answers 503."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.asked: list[str] = []
        self.down = False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
                owner.asked.append(query)
                found = owner.values.get(query)
                result = [] if found is None else [{"metric": {}, "value": [0, str(found)]}]
                body = {"status": "success", "data": {"resultType": "vector", "result": result}}
                self.send_response(503 if owner.down else 200)
                self.end_headers()
                self.wfile.write(b"" if owner.down else json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "MetricServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
