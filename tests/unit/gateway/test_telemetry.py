"""What is counted between two scrapes arrives in the metrics as if each request had been observed by itself."""

import io
import json

import pytest
from prometheus_client import REGISTRY

from meshop_gateway.telemetry import Telemetry
from meshop_shared.metrics import BUCKETS, HTTP_SECONDS

pytestmark = pytest.mark.unit
ROUTE = "/unit-test/*"


def record(telemetry: Telemetry, *, seconds: float, status: int = 200) -> None:
    telemetry.record(
        method="GET",
        route=ROUTE,
        status=status,
        seconds=seconds,
        request_id=b"r" * 32,
        trace_id=b"t" * 32,
        note="forwarded",
    )


def sample(name: str, **labels: str) -> float:
    return (
        REGISTRY.get_sample_value(name, {"service": "gateway", "method": "GET", "route": ROUTE, **labels})
        or 0.0
    )


def test_histogram_equals_one_observation_per_request():
    telemetry = Telemetry(access_log=False)
    seconds = [0.0, *BUCKETS, *(bound * 1.001 for bound in BUCKETS), 99.0]
    expected = HTTP_SECONDS.labels("other", "GET", ROUTE)
    for number, value in enumerate(seconds):
        record(telemetry, seconds=value)
        expected.observe(value)
        if number % 5 == 0:
            telemetry.flush()
    telemetry.flush()
    telemetry.flush()
    for bound in (*map(str, BUCKETS), "+Inf"):
        name = "meshop_http_request_seconds_bucket"
        assert sample(name, le=bound) == sample(name, le=bound, service="other"), bound
    assert sample("meshop_http_request_seconds_sum") == pytest.approx(sum(seconds))
    assert sample("meshop_http_requests_total", status="200") == len(seconds)


def test_statuses_are_counted_apart_and_nothing_twice():
    telemetry = Telemetry(access_log=False)
    before = sample("meshop_http_requests_total", status="503")
    for _ in range(3):
        record(telemetry, seconds=0.01, status=503)
        telemetry.flush()
    assert sample("meshop_http_requests_total", status="503") - before == 3


def test_log_lines_are_json():
    out = io.StringIO()
    telemetry = Telemetry(access_log=True, out=out)
    for _ in range(300):
        record(telemetry, seconds=0.0123)
    telemetry.flush()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 300
    assert lines[0] | {"route": ROUTE, "status": 200, "ms": 12.3, "note": "forwarded"} == lines[0]
