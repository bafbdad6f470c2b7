"""Waiting for an AI service whose model answers."""

import http.client
import json
import time


def wait_for_model(port: int, *, trained: bool = True) -> http.client.HTTPConnection:
    """A connection to the service once its model answers, or, untrained, the service itself."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/v1/model")
            if json.loads(connection.getresponse().read())["model"] or not trained:
                return connection
        except OSError:
            pass
        connection.close()
        time.sleep(0.05)
    raise SystemExit("the service does not answer")
