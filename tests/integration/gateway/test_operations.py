"""Running the gateway: reload, drain, workers, overload, memory, metrics, documentation."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.sync.client import connect

from tests.support.gateway import GatewayProcess, gateway, read_all, status_of
from tests.support.polling import wait_until
from tests.support.upstream import Upstream


def write(file: Path, *prefixes: str, **more: Any) -> None:
    routes = [
        {"name": prefix.strip("/"), "prefix": prefix, "upstream": "backend", **more} for prefix in prefixes
    ]
    file.write_text(json.dumps({"routes": routes}))


@pytest.fixture
def routes_file(tmp_path: Path) -> Path:
    file = tmp_path / "routes.json"
    write(file, "/one/")
    return file


@pytest.fixture
def replica(upstream: Upstream, routes_file: Path) -> Iterator[GatewayProcess]:
    with gateway(backend_url=upstream.url, routes_file=str(routes_file)) as process:
        yield process


def test_changed_table_is_loaded_without_a_restart(replica, routes_file):
    assert (replica.get("/one/x").status, replica.get("/two/x").status) == (200, 404)
    write(routes_file, "/two/")
    wait_until(lambda: replica.get("/two/x").status == 200)
    assert replica.get("/one/x").status == 404


def test_hangup_reloads_at_once(replica, routes_file):
    write(routes_file, "/two/")
    replica.process.send_signal(signal.SIGHUP)
    wait_until(lambda: replica.get("/two/x").status == 200, timeout_s=5)


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '{"routes": []}',
        '{"routes": [{"name": "x", "prefix": "no-slash", "upstream": "backend"}]}',
        '{"routes": [{"name": "x", "prefix": "/a/../b/", "upstream": "backend"}]}',
        '{"routes": [{"name": "x", "prefix": "/x/", "upstream": "nobody"}]}',
        '{"routes": [{"name": "x", "prefix": "/x/", "upstream": "backend", "tiemout_s": 1}]}',
        '{"routes": [{"name": "x", "prefix": "/x/", "upstream": "backend"},'
        ' {"name": "y", "prefix": "/x/", "upstream": "backend"}]}',
    ],
)
def test_table_that_is_not_valid_is_not_taken(replica, routes_file, broken):
    routes_file.write_text(broken)
    wait_until(lambda: replica.state()["table"]["error"] != "")
    assert replica.get("/one/x").status == 200
    write(routes_file, "/two/")
    wait_until(lambda: replica.get("/two/x").status == 200)
    assert replica.state()["table"]["error"] == ""


def test_requests_in_progress_survive_a_reload(replica, routes_file):
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(replica.get("/one/sleep/1.5").status))
    slow.start()
    time.sleep(0.2)
    write(routes_file, "/two/")
    wait_until(lambda: replica.get("/two/x").status == 200)
    slow.join()
    assert answers == [200]


def test_wrong_settings_stop_the_start_with_a_sentence(upstream, routes_file):
    for settings, sentence in (
        ({"backend_url": "nowhere"}, "setting BACKEND_URL"),
        ({"trusted_proxies": "10.0.0.0/99"}, "setting TRUSTED_PROXIES"),
        ({"rate_limit": "maybe"}, "setting RATE_LIMIT"),
        ({"routes_file": "/nothing/here.json"}, "route table: /nothing/here.json"),
    ):
        process = GatewayProcess({"BACKEND_URL": upstream.url, **{k.upper(): v for k, v in settings.items()}})
        with pytest.raises(AssertionError):
            process.start()
        assert sentence in process.log()
        assert process.stop() == 2


def test_taken_port_is_named(replica, upstream):
    second = GatewayProcess({"BACKEND_URL": upstream.url}, port=replica.port)
    second.spawn()
    assert second.process.wait(timeout=20) == 2
    assert f"cannot listen on 127.0.0.1:{replica.port}" in second.log()
    second.stop()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_drain_turns_readiness_off_waits_finishes_and_exits_with_0(upstream, workers):
    process = GatewayProcess({"BACKEND_URL": upstream.url, "DRAIN_DELAY_S": "1", "WORKERS": workers}).start()
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(process.get("/api/sleep/2").status))
    slow.start()
    wait_until(lambda: len(upstream.targets()) == 1)
    with socket.create_connection(("127.0.0.1", process.port)) as idle:
        process.process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.get("/readyz").status == 503, timeout_s=5)
        assert process.get("/healthz").status == 200
        assert process.get("/api/echo").status == 200  # load balancers need a moment
        assert read_all(idle, 10) == b""
    slow.join()
    assert answers == [200]
    assert process.process.wait(timeout=20) == 0
    assert "Traceback" not in process.log()
    process.stop()


def test_drain_does_not_wait_for_ever(upstream):
    process = GatewayProcess({"BACKEND_URL": upstream.url, "SHUTDOWN_GRACE_S": "1"}).start()
    with socket.create_connection(("127.0.0.1", process.port)) as stuck:
        stuck.sendall(b"GET /api/sleep/25 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: len(upstream.targets()) == 1)
        started = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - started < 8


def test_no_request_is_lost_while_draining(upstream):
    """Clients that come until the last moment get an answer, or no connection at all."""
    settings = {"BACKEND_URL": upstream.url, "DRAIN_DELAY_S": "0.5", "RATE_LIMIT": "off"}
    process = GatewayProcess(settings).start()
    broken: list[bytes] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = process.ask(b"GET /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            except OSError:
                return  # accepts no more
            if status_of(answer) != 200:
                broken.append(answer)

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    time.sleep(0.3)
    assert process.stop() == 0
    stop.set()
    for client in clients:
        client.join()
    # A connection in the backlog of a closing socket is reset by the kernel before anybody could read its request.
    assert [answer for answer in broken if answer] == []


def test_worker_that_dies_is_replaced(upstream):
    with gateway(backend_url=upstream.url, workers="2") as replica:
        time.sleep(3.2)  # sooner, its death would look like a worker that cannot start
        parent = psutil.Process(replica.process.pid)
        victim = parent.children()[0]
        victim.kill()
        wait_until(
            lambda: (
                len([c for c in parent.children() if c.status() != "zombie"]) == 2
                and victim not in parent.children()
            )
        )
        for _ in range(20):
            wait_until(lambda: replica.get("/api/echo").status == 200)


def test_metrics_add_up_over_workers(upstream):
    with gateway(backend_url=upstream.url, workers="2", rate_limit="off") as replica:
        for _ in range(30):
            replica.get("/api/echo")
        line = 'meshop_http_requests_total{method="GET",route="/api/*",service="gateway",status="200"} 30.0'
        wait_until(lambda: line in replica.get("/metrics").body.decode())


def test_metrics_log_and_state_use_templates_and_no_secrets(front, upstream):
    front.get("/api/orders/12345?token=secret-in-query", "Authorization: Bearer secret-in-header")
    metrics = front.get("/metrics").body.decode()
    assert 'route="/api/*"' in metrics
    assert "meshop_breaker_open" in metrics
    assert "12345" not in metrics
    wait_until(lambda: '"route":"/api/*"' in front.log())
    lines = [json.loads(line) for line in front.log().splitlines() if '"event":"request"' in line]
    assert {"method", "route", "status", "ms", "request_id", "trace_id", "timestamp", "service"} <= lines[
        -1
    ].keys()
    assert "secret-in" not in front.log()
    assert "12345" not in front.log()


@pytest.mark.parametrize("path", ["/metrics", "/gateway/status", "/%6detrics"])
def test_own_pages_are_for_those_who_run_the_gateway(upstream, path):
    with gateway(backend_url=upstream.url, admin_networks="10.0.0.0/8") as replica:
        assert replica.get(path).status == 404
        assert replica.get("/healthz").status == 200


def test_allowed_hosts(upstream):
    with gateway(backend_url=upstream.url, allowed_hosts="shop.test, [::1]") as replica:

        def ask(host: str) -> int:
            return status_of(
                replica.ask(f"GET /api/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            )

        assert [ask(host) for host in ("shop.test", "SHOP.test:8000", "[::1]:80", "evil.test")] == [
            200,
            200,
            200,
            400,
        ]


def test_websockets_pass_both_ways(front):
    with connect(f"ws://127.0.0.1:{front.port}/api/chat/", compression=None) as client:
        for message in ("hello", "x" * 50_000, "bye"):
            client.send(message)
            assert client.recv(timeout=5) == message


def test_idle_websockets_are_closed(upstream, tmp_path):
    file = tmp_path / "routes.json"
    write(file, "/ws/", websocket=True, idle_timeout_s=1)
    with (
        gateway(backend_url=upstream.url, routes_file=str(file)) as replica,
        connect(f"ws://127.0.0.1:{replica.port}/ws/", compression=None) as client,
    ):
        client.send("x")
        assert client.recv(timeout=5) == "x"
        wait_until(lambda: replica.state()["requests_in_flight"] == 0, timeout_s=6)


def rss(replica: GatewayProcess) -> int:
    return psutil.Process(replica.process.pid).memory_info().rss


def test_large_stream_costs_little_memory(replica, upstream):
    for _ in range(3):
        replica.get("/one/stream/1000000")
    before, peak = rss(replica), 0
    with socket.create_connection(("127.0.0.1", replica.port), timeout=20) as client:
        client.sendall(b"GET /one/stream/100000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := client.recv(262_144):
            received += len(piece)
            peak = max(peak, rss(replica))
            if received % 7 == 0:
                time.sleep(0.0005)  # slower than the upstream
    assert received > 100_000_000
    assert peak - before <= 5_000_000


def test_large_upload_costs_little_memory(upstream, tmp_path):
    file = tmp_path / "routes.json"
    write(file, "/one/", body_limit=200_000_000)
    with gateway(backend_url=upstream.url, routes_file=str(file)) as replica:
        replica.get("/one/x", method="POST", body=b"x" * 900_000)
        before, peak = rss(replica), 0
        block = b"y" * 1_000_000
        with socket.create_connection(("127.0.0.1", replica.port), timeout=20) as client:
            client.sendall(
                b"POST /one/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n"
            )
            for _ in range(100):
                client.sendall(block)
                peak = max(peak, rss(replica))
            assert status_of(read_all(client, 20)) == 200
    assert peak - before <= 5_000_000


def test_idle_connections_cost_little_memory(replica):
    for _ in range(3):
        replica.get("/one/x")
    before = rss(replica)
    crowd = []
    for _ in range(1_000):
        client = socket.create_connection(("127.0.0.1", replica.port), timeout=5)
        client.sendall(b"GET /one/x HTTP/1.1\r\nHost: a\r\n\r\n")
        client.recv(10_000)
        crowd.append(client)
    after = rss(replica)
    for client in crowd:
        client.close()
    assert (after - before) / 1_000 <= 30_000


def test_overload_is_shed_before_latency_collapses(upstream, tmp_path):
    """Three times what the upstream can do: those that are served are served in time."""
    file = tmp_path / "routes.json"
    write(file, "/one/", latency_target_s=0.2, concurrency_min=4, retries=0)
    upstream.capacity, upstream.delay_s = 4, 0.02  # 200 requests/s at most
    results: list[tuple[float, int]] = []
    with gateway(backend_url=upstream.url, routes_file=str(file)) as replica:
        ends = time.monotonic() + 4

        def client() -> None:
            while time.monotonic() < ends:
                started = time.monotonic()
                status = replica.get("/one/x").status
                results.append((time.monotonic() - started, status))

        clients = [threading.Thread(target=client) for _ in range(150)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        shed = replica.state()["routes"]["one"]["shed"]
    served = sorted(seconds for seconds, status in results if status == 200)
    assert {status for _, status in results} == {200, 503}
    assert shed > 0
    assert len(served) > 4 * 200 * 0.5
    assert served[len(served) // 2] < 1.0


def test_documentation_covers_what_clients_can_reach(upstream, tmp_path):
    document = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/api/things/": {"get": {"responses": {"200": {"description": "ok"}}}, "post": {"responses": {}}},
            "/internal/": {"get": {"responses": {}}},
        },
        "components": {"schemas": {"Thing": {"type": "object", "nullable": True}}},
    }
    upstream.answers["/api/schema/"] = (200, {}, json.dumps(document).encode())
    upstream.answers["/openapi.json"] = (200, {}, json.dumps({**document, "openapi": "3.1.0"}).encode())
    with gateway(backend_url=upstream.url, ai_urls=f"chatbot={upstream.url}") as replica:
        merged = replica.get("/openapi.json").json()
        page = replica.get("/docs").body.decode()
    assert set(merged["paths"]) == {"/api/things/", "/ai/chatbot/api/things/", "/ai/chatbot/internal/"}
    assert set(merged["components"]["schemas"]) == {"Error", "Thing", "chatbot.Thing"}
    assert merged["components"]["schemas"]["Thing"]["type"] == ["object", "null"]
    assert set(merged["paths"]["/api/things/"]["get"]["responses"]) == {"200", "4XX", "5XX"}
    assert "/openapi.json" in page
    assert "cdn" not in page


def test_processes_end_with_the_supervisor(upstream):
    replica = GatewayProcess({"BACKEND_URL": upstream.url, "WORKERS": "2"}).start()
    children = psutil.Process(replica.process.pid).children()
    assert len(children) == 2
    assert replica.stop() == 0
    assert not any(os.path.exists(f"/proc/{child.pid}") for child in children)
