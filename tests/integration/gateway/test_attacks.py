"""The corpus of attacks: none reaches an upstream, none brings a second answer, and the gateway stays up."""

import socket
import time

import pytest

from tests.security.gateway_corpus import ATTACKS, HARMLESS, Attack
from tests.support.gateway import GatewayProcess, gateway, read_all, status_of, statuses_of
from tests.support.upstream import Upstream


def names(attacks: list[Attack]) -> list[str]:
    return [attack.name for attack in attacks]


def test_the_corpus_is_large_and_has_no_twins():
    assert len(ATTACKS) >= 100
    assert len(set(names(ATTACKS))) == len({attack.raw for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=names(ATTACKS))
def test_attack_reaches_no_upstream(front, upstream, attack):
    answer = front.ask(attack.raw, timeout=0.4)

    # Waiting for more bytes forever is a right answer too, as long as nothing is passed on.
    assert status_of(answer) in attack.statuses, answer[:300]
    assert len(statuses_of(answer)) == 1, answer[:600]
    assert upstream.targets() == []
    assert upstream.strays == []


@pytest.mark.parametrize("attack", HARMLESS, ids=names(HARMLESS))
def test_harmless_request_reaches_its_upstream(front, upstream, attack):
    answer = front.ask(attack.raw, timeout=0.4)
    assert status_of(answer) in attack.statuses, answer[:300]
    assert upstream.targets() == [attack.passes]
    assert upstream.strays == []


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_attacks_in_small_packets_fare_no_better(front, upstream, cut):
    for attack in ATTACKS[:60:4]:
        with socket.create_connection(("127.0.0.1", front.port), timeout=2) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for start in range(0, len(attack.raw), cut):
                    client.send(attack.raw[start : start + cut])
            except OSError:
                pass  # refused before it was through
            assert status_of(read_all(client, 0.3)) in (*attack.statuses, 0), attack.name
        assert upstream.targets() == [], attack.name


def test_answers_of_an_upstream_are_not_mixed_up(front, upstream):
    """An upstream that sends two answers to one request must not answer the next client's request with the second."""
    for _ in range(5):
        front.get("/api/bad/two-answers")
        answer = front.get("/api/echo")
        assert b"POISON" not in answer.body
        assert answer.status in (200, 502, 503)


@pytest.mark.parametrize("how", ["both-lengths", "unasked-upgrade", "garbage", "huge-head", "half-head"])
def test_answers_that_could_be_read_in_two_ways_do_not_pass(front, upstream, how):
    answer = front.get(f"/media/bad/{how}")
    assert answer.status == 502
    assert b"POISON" not in answer.raw
    assert answer.json()["code"] == "bad_gateway"
    front.get("/api/echo")  # closes the breaker again


@pytest.fixture(scope="module")
def impatient(shared_upstream: Upstream) -> GatewayProcess:
    with gateway(
        backend_url=shared_upstream.url,
        head_timeout_s="0.5",
        body_stall_s="0.5",
        idle_timeout_s="1",
        send_stall_s="1",
    ) as replica:
        yield replica


def drip(replica: GatewayProcess, raw: bytes, pause: float, count: int) -> tuple[int, float]:
    """Send ``raw``, then a byte every ``pause`` seconds; the status and how long the gateway put up with it."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", replica.port), timeout=5) as client:
        client.sendall(raw)
        client.settimeout(pause)
        answer = b""
        for _ in range(count):
            try:
                client.send(b"x")
                piece = client.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
            answer += piece
            if not piece:
                break
        return status_of(answer), time.monotonic() - started


def test_slow_heads_are_cut_off(impatient, upstream):
    status, waited = drip(impatient, b"GET /api/x HTTP/1.1\r\nHost: a\r\nX-Slow: ", 0.1, 50)
    assert status == 408
    assert waited < 3
    assert upstream.targets() == []


def test_stalled_bodies_are_cut_off(impatient, upstream):
    raw = b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=5) as client:
        client.sendall(raw)
        started = time.monotonic()
        assert status_of(read_all(client, 5)) == 408
    assert time.monotonic() - started < 3
    assert upstream.targets() == []


def test_silent_connections_are_closed(impatient):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=5) as client:
        started = time.monotonic()
        assert client.recv(1) == b""
        assert time.monotonic() - started < 4


def test_clients_that_do_not_read_are_dropped(impatient, upstream):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=5) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /media/stream/50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(2.5)
        received = len(read_all(client, 2))
    assert received < 50_000_000


def test_many_slow_clients_leave_room_for_the_others(impatient, upstream):
    crowd = [socket.create_connection(("127.0.0.1", impatient.port), timeout=5) for _ in range(300)]
    try:
        for client in crowd:
            client.sendall(b"GET /api/x HTTP/1.1\r\nHost: a\r\nX: ")
        started = time.monotonic()
        assert impatient.get("/api/echo").status == 200
        assert time.monotonic() - started < 1
    finally:
        for client in crowd:
            client.close()
