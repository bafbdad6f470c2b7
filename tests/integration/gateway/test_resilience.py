"""A misbehaving upstream hurts nobody but its own routes, and those not for long."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.gateway import Answer, GatewayProcess, gateway
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

FAILURES = [
    "hang",
    "reset",
    "half",
    "half-head",
    "garbage",
    "huge-head",
    "both-lengths",
    "500",
    "502",
    "503",
    "504",
]
RESET_S = 0.5


@pytest.fixture(scope="module")
def two_upstreams() -> Iterator[tuple[Upstream, Upstream]]:
    with Upstream() as bad, Upstream() as good:
        yield bad, good


@pytest.fixture(scope="module")
def replica(
    two_upstreams: tuple[Upstream, Upstream], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    bad, good = two_upstreams
    file = tmp_path_factory.mktemp("routes") / "routes.json"
    file.write_text(json.dumps(table(bad, good)))
    with gateway(backend_url=good.url, routes_file=str(file), rate_limit="off") as process:
        yield process


def table(bad: Upstream, good: Upstream) -> dict[str, Any]:
    def route(name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "prefix": f"/{name}/", "upstream": "bad", "auth": {"mode": "none"}, **more}

    return {
        "upstreams": {
            "bad": {"url": bad.url, "breaker_reset_s": RESET_S},
            "good": {"url": good.url},
            "gone": {"url": "http://127.0.0.1:9", "breaker_reset_s": RESET_S},
        },
        "routes": [
            route("sick", timeout_s=3, retries=0),
            route("retried", timeout_s=3, retries=1),
            route("hurried", timeout_s=0.3, retries=0),
            route("hedged", timeout_s=3, retries=0, hedge_s=0.1),
            route("streamed", timeout_s=0.5, stream=True, idle_timeout_s=0.5),
            route("gone", upstream="gone", retries=0),
            route("good", upstream="good"),
        ],
    }


@pytest.fixture
def bad(replica: GatewayProcess, two_upstreams: tuple[Upstream, Upstream]) -> Upstream:
    """The one that misbehaves: healthy when the test begins."""
    for upstream in two_upstreams:
        upstream.reset()
    wait_until(lambda: replica.get("/sick/x").status == 200, every_s=0.1)
    two_upstreams[0].seen.clear()
    return two_upstreams[0]


def breaker(replica: GatewayProcess, name: str = "bad") -> str:
    return replica.state()["upstreams"][name]["breaker"]


class Load:
    """Requests from several clients without a pause, until told to stop."""

    def __init__(self, replica: GatewayProcess, path: str, clients: int = 8) -> None:
        self._replica, self._path, self._stop = replica, path, threading.Event()
        self.answers: list[tuple[float, float, int]] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(clients)]

    def _work(self) -> None:
        while not self._stop.is_set():
            sent = time.monotonic()
            try:
                status = self._replica.get(self._path).status
            except OSError:
                status = 0
            self.answers.append((sent, time.monotonic() - sent, status))
            time.sleep(0.01)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("how", FAILURES)
def test_breaker_opens_within_a_second_spares_other_routes_and_recovers(replica, bad, how):
    with Load(replica, "/good/x", clients=2) as others, Load(replica, "/sick/x") as load:
        time.sleep(0.3)
        bad.mode = how
        failed_at = time.monotonic()
        wait_until(lambda: breaker(replica) != "closed", timeout_s=10, every_s=0.01)
        opened_after = time.monotonic() - failed_at
        time.sleep(1.0)
        asked_while_open = len(bad.seen)
        time.sleep(1.0)
        asked_while_open = len(bad.seen) - asked_while_open
        bad.mode = "ok"
        healed_at = time.monotonic()
        wait_until(lambda: breaker(replica) == "closed", timeout_s=10, every_s=0.02)
        recovered_after = time.monotonic() - healed_at

    # One second, plus what a busy test machine needs to notice.
    assert opened_after < 1.5
    assert asked_while_open <= 4  # probes only
    assert recovered_after < RESET_S + 3.5  # a probe that hangs is given up by the clock of its route
    assert {status for *_, status in others.answers} == {200}
    assert max(seconds for _, seconds, _ in others.answers) < 1.5
    assert max(seconds for _, seconds, _ in load.answers) < 3 + 1  # the deadline of the route
    assert replica.get("/sick/x").status == 200


def test_open_breaker_answers_at_once(replica, bad):
    bad.mode = "reset"
    wait_until(lambda: replica.get("/sick/x").json()["code"] == "dependency_unavailable")
    started = time.monotonic()
    answer = replica.get("/sick/x")
    assert time.monotonic() - started < 0.5
    assert answer.status == 503
    if answer.json()["code"] == "dependency_unavailable":  # it may have been the probe
        assert answer.json()["extra"] == {"dependency": "bad"}
        assert answer.headers["retry-after"] == "1"


def test_upstream_that_is_not_there(replica):
    answer = replica.get("/gone/x")
    assert answer.status == 502
    assert answer.json()["code"] == "bad_gateway"


def test_half_an_answer_does_not_look_like_a_whole_one(replica, bad):
    raw = replica.ask(b"GET /sick/bad/half HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = Answer.parse(raw)
    assert int(answer.headers["content-length"]) > len(answer.body)


def test_no_request_outlives_its_deadline(replica, bad):
    started = time.monotonic()
    answer = replica.get("/hurried/bad/hang")
    assert answer.status == 504
    assert answer.json()["code"] == "deadline_exceeded"
    assert 0.25 < time.monotonic() - started < 1.3


def test_no_answer_outlives_its_deadline_either(replica, bad):
    started = time.monotonic()
    replica.get("/hurried/bad/half-hang")
    assert time.monotonic() - started < 1.3


def test_clients_can_shorten_the_deadline_but_not_blame_the_upstream(replica, bad):
    for _ in range(10):
        assert replica.get("/sick/sleep/0.3", "X-Request-Deadline-Ms: 20").status == 504
    assert breaker(replica) == "closed"


def test_streams_may_go_on_while_bytes_come(replica, bad):
    started = time.monotonic()
    answer = replica.get("/streamed/sse/6")
    assert time.monotonic() - started > 1
    assert answer.body.count(b"data:") == 6


def test_streams_end_when_no_bytes_come(replica, bad):
    started = time.monotonic()
    replica.get("/streamed/bad/half-hang")
    assert time.monotonic() - started < 2


def fail_once(bad: Upstream, how: str) -> None:
    bad.mode = how

    def heal() -> None:
        wait_until(lambda: bool(bad.targets()), every_s=0.001)
        bad.mode = "ok"

    threading.Thread(target=heal).start()


@pytest.mark.parametrize("how", ["reset", "503", "garbage"])
def test_safe_requests_are_tried_again(replica, bad, how):
    answers = []
    for _ in range(5):  # the one failure may be cured too late for the second attempt
        bad.seen.clear()
        fail_once(bad, how)
        answers.append(replica.get("/retried/x").status)
        wait_until(lambda: bad.mode == "ok")
    assert 200 in answers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_requests_that_change_something_are_sent_once(replica, bad, method):
    bad.mode = "503"
    assert replica.get("/retried/x", method=method, body=b"{}").status == 503
    assert len(bad.targets()) == 1


def test_keyed_requests_are_tried_again_with_their_body(replica, bad):
    bad.mode = "503"
    replica.get("/retried/x", "Idempotency-Key: k-1", method="POST", body=b'{"a": 1}')
    assert [seen.body for seen in bad.seen] == [b'{"a": 1}'] * 2


def test_retries_stay_within_their_budget(replica, bad):
    """An outage must not multiply the load: at most a tenth more than the clients send, and a small reserve."""
    bad.mode = "504"
    before = len(bad.targets())
    with Load(replica, "/retried/x", clients=4) as load:
        time.sleep(2)
    sent = len(load.answers)
    assert len(bad.targets()) - before <= sent * 1.1 + 12


def test_hedged_request_takes_the_faster_answer(replica, bad):
    bad.delay_s = 1.0

    def speed_up() -> None:
        wait_until(lambda: len(bad.targets()) >= 1, every_s=0.005)
        bad.delay_s = 0.0

    threading.Thread(target=speed_up).start()
    started = time.monotonic()
    assert replica.get("/hedged/x").status == 200
    assert time.monotonic() - started < 0.9
    assert len(bad.targets()) == 2


def test_client_that_leaves_takes_its_request_along(replica, bad):
    for _ in range(20):
        replica.ask(b"GET /sick/bad/hang HTTP/1.1\r\nHost: a\r\n\r\n", timeout=0.02)
    wait_until(lambda: replica.state()["requests_in_flight"] == 0)
    state = replica.state()["upstreams"]["bad"]
    assert state["connections"] == state["idle"]
    assert state["breaker"] == "closed"


def test_idle_connections_that_the_upstream_closed_fail_no_request(replica, bad):
    """Safe requests over a connection that is closing meanwhile go out again, and do not open the breaker."""
    for _ in range(30):
        assert replica.get("/sick/x").status == 200
        replica.get("/sick/bad/until-close")
    assert breaker(replica) == "closed"


def test_breaker_is_in_the_metrics(replica, bad):
    bad.mode = "500"
    wait_until(lambda: replica.get("/sick/x").status == 503)
    metrics = replica.get("/metrics").body.decode()
    assert 'meshop_breaker_open{dependency="bad"} 1.0' in metrics
    bad.mode = "ok"
    wait_until(lambda: replica.get("/sick/x").status == 200)
    metrics = replica.get("/metrics").body.decode()
    assert 'meshop_breaker_open{dependency="bad"} 0.0' in metrics
    for state in ("open", "half_open", "closed"):
        assert f'meshop_gateway_breaker_changes_total{{state="{state}",upstream="bad"}}' in metrics
