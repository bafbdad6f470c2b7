"""One trace follows an order from the front door to the mail."""

import json
import os
import random
from pathlib import Path

import pytest

from tests.e2e.support.answers import ok
from tests.e2e.support.people import line
from tests.e2e.support.things import ADDRESS, unique
from tests.support.polling import wait_until

#: Programs and the work of theirs that an order must be seen to pass.
STATIONS = {
    ("gateway", "POST"),
    ("backend", "POST"),
    ("backend", "INSERT"),
    ("relay", "publish order.placed"),
    ("worker", "consume notifications.tell"),
    ("worker", "INSERT"),
    ("worker", "send mail"),
}


@pytest.fixture
def traces():
    file = os.environ.get("MESHOP_TRACES")
    if not file:
        pytest.skip("The stack sends its traces nowhere: start it with tools.testbed --stack --traces.")
    return lambda trace_id: [
        span for span in map(json.loads, Path(file).read_text().splitlines()) if span["trace_id"] == trace_id
    ]


def small_trace_id():
    """One that every share of requests includes."""
    return f"{random.getrandbits(64) | 1:016x}{random.getrandbits(40) | 1:016x}"


def connected(spans):
    """How many groups there are of spans that hang together by parents and links."""
    groups = {span["span_id"]: {span["span_id"]} for span in spans}
    for span in spans:
        for other in [span["parent_id"], *(link["span_id"] for link in span["links"])]:
            if other in groups:
                merged = groups[span["span_id"]] | groups[other]
                groups.update(dict.fromkeys(merged, merged))
    return len({id(group) for group in groups.values()})


def test_an_order_is_one_trace_from_the_gateway_to_the_mail(traces, customer, staff):
    body = {"items": [line(staff.add_product(), 1)], "shipping_address": ADDRESS}
    trace_id = small_trace_id()
    order = ok(
        customer.send(
            "POST",
            "orders/",
            json=body,
            headers={
                "Idempotency-Key": unique("key"),
                "traceparent": f"00-{trace_id}-{random.getrandbits(64) | 1:016x}-01",
            },
        ),
        201,
    )

    def stations():
        return {(span["service"], span["name"].split(" /")[0]) for span in traces(trace_id)}

    wait_until(lambda: stations() >= STATIONS, timeout_s=60, what="spans of every program")
    # A span is sent when it has ended, so those that hold the others together come last.
    wait_until(lambda: connected(traces(trace_id)) == 1, timeout_s=30, what="one connected trace")
    spans = traces(trace_id)
    assert len({(span["service"], span["name"]) for span in spans}) >= 8
    (consumed,) = (span for span in spans if span["name"] == "consume notifications.tell")
    assert consumed["links"], "the consumer is linked to what has caused the event"
    assert [entry["trace_id"] for entry in customer.timeline(order)] == [trace_id]


def test_an_error_of_a_traced_request_names_its_trace(traces, customer):
    trace_id = small_trace_id()
    headers = {"traceparent": f"00-{trace_id}-{random.getrandbits(64) | 1:016x}-01"}
    answer = customer.send("GET", "orders/999999999/", headers=headers)
    assert answer.status_code == 404
    assert answer.json()["extra"]["trace_id"] == trace_id
    wait_until(lambda: {span["service"] for span in traces(trace_id)} >= {"gateway", "backend"})
