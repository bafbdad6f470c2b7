"""A request goes through, and comes back, as the RFCs say a proxy passes it on."""

import json
import socket
import time

import pytest

from tests.support.gateway import Answer, read_all, status_of, statuses_of


def test_request_and_answer_pass_unchanged(front, upstream):
    answer = front.get("/api/echo?a=1&b=%20x", "X-Custom: kept", "Cookie: cart_token=abc")

    assert answer.status == 200
    shown = answer.json()
    assert (shown["method"], shown["target"]) == ("GET", "/api/echo?a=1&b=%20x")
    (seen,) = upstream.seen
    assert seen.header("x-custom") == "kept"
    assert seen.header("cookie") == "cart_token=abc"
    assert seen.header("x-forwarded-host") == "shop.test"
    assert seen.header("host") == upstream.url.removeprefix("http://")


def test_answer_carries_the_request_id_that_the_upstream_saw(front, upstream):
    answer = front.get("/api/echo", "X-Request-Id: client-0001-abcd")
    assert answer.headers["x-request-id"] == "client-0001-abcd"
    assert upstream.seen[0].header("x-request-id") == "client-0001-abcd"


def test_unsafe_request_id_is_replaced(front, upstream):
    answer = front.get("/api/echo", 'X-Request-Id: "}{ forged')
    assert answer.headers["x-request-id"] == upstream.seen[0].header("x-request-id")
    assert len(answer.headers["x-request-id"]) == 32


def test_traceparent_is_kept_or_made(front, upstream):
    mine = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    front.get("/api/echo", f"Traceparent: {mine}")
    front.get("/api/echo")
    front.get("/api/echo", "Traceparent: 00-nonsense-01")
    kept, made, replaced = (seen.header("traceparent") for seen in upstream.seen)
    assert kept == mine
    assert made.startswith("00-")
    assert len(made) == len(replaced) == len(mine)
    assert "nonsense" not in replaced


def test_deadline_is_passed_on_and_clients_can_only_shorten_it(front, upstream):
    front.get("/api/echo")
    front.get("/api/echo", "X-Request-Deadline-Ms: 500")
    front.get("/api/echo", "X-Request-Deadline-Ms: 99999999")
    usual, shorter, longer = (int(seen.header("x-request-deadline-ms")) for seen in upstream.seen)
    assert 29_000 < usual <= 30_000
    assert 0 < shorter <= 500
    assert 29_000 < longer <= 30_000


HOP_BY_HOP = [
    "Connection: keep-alive, X-Private",
    "X-Private: 1",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eDp5",
    "TE: trailers",
    "Trailer: X-Sum",
]


def test_hop_by_hop_fields_end_at_the_gateway(front, upstream):
    head = "GET /api/echo HTTP/1.1\r\nHost: a\r\n" + "".join(f"{line}\r\n" for line in HOP_BY_HOP) + "\r\n"
    assert status_of(front.ask(head.encode(), timeout=1)) == 200
    names = {name.lower() for name, _ in upstream.seen[0].headers}
    assert not names & {line.partition(":")[0].lower() for line in HOP_BY_HOP}


def test_connection_cannot_nominate_what_the_upstream_needs(front, upstream):
    head = b"GET /api/echo HTTP/1.1\r\nHost: a\r\nConnection: Host, Authorization, Cookie\r\n"
    front.ask(head + b"Authorization: Bearer x\r\nCookie: cart_token=1\r\n\r\n", timeout=1)
    (seen,) = upstream.seen
    assert seen.header("x-forwarded-host") == "a"
    assert seen.header("authorization") == "Bearer x"
    assert seen.header("cookie") == "cart_token=1"


def test_fields_of_the_answer_that_are_hop_by_hop_stay_behind(front, upstream):
    headers = {"connection": "X-Inner", "x-inner": "1", "keep-alive": "timeout=5", "x-outer": "2"}
    upstream.answers["/api/answer"] = (200, headers, b"{}")
    answer = front.get("/api/answer")
    assert answer.headers["x-outer"] == "2"
    assert "x-inner" not in answer.headers
    assert "keep-alive" not in answer.headers


@pytest.mark.parametrize(
    "claim", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "X_Forwarded_For"]
)
def test_clients_cannot_say_who_they_are(front, upstream, claim):
    front.get("/api/echo", f"{claim}: 6.6.6.6")
    (seen,) = upstream.seen
    assert not any("6.6.6.6" in value for _, value in seen.headers)
    assert seen.header("x-forwarded-for") == "127.0.0.1"


def test_fields_with_underscores_do_not_pass(front, upstream):
    front.get("/api/echo", "X_Forwarded_Proto: https", "Remote_User: admin")
    assert not any("_" in name for name, _ in upstream.seen[0].headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_small_bodies_arrive_whole(front, upstream, method):
    answer = front.get("/api/echo", "Content-Type: application/json", method=method, body=b'{"a": 1}')
    assert answer.status == 200
    (seen,) = upstream.seen
    assert (seen.method, seen.body) == (method, b'{"a": 1}')
    assert seen.header("content-length") == "8"


def test_chunked_bodies_arrive_whole_and_framed_anew(front, upstream):
    raw = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    assert status_of(front.ask(raw)) == 200
    (seen,) = upstream.seen
    assert seen.body == b"abcde"
    assert seen.header("transfer-encoding") is None
    assert seen.header("x-trailer") is None


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_large_bodies_stream(front, upstream, framing):
    body = bytes(range(256)) * 2000  # 512 kB
    head = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    if framing == "length":
        raw = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        pieces = b"".join(b"%x\r\n%b\r\n" % (1000, body[i : i + 1000]) for i in range(0, len(body), 1000))
        raw = head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
    assert status_of(front.ask(raw, timeout=10)) == 200
    assert upstream.seen[0].body == body


def test_slow_small_uploads_do_not_reach_the_upstream_before_they_are_whole(front, upstream):
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.sendall(
            b"POST /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab"
        )
        time.sleep(0.3)
        assert upstream.seen == []
        client.sendall(b"cd")
        assert status_of(read_all(client, 5)) == 200
    assert upstream.seen[0].body == b"abcd"


def test_expectation_is_met_by_the_gateway(front, upstream):
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as client:
        head = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
        client.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hi")
        assert status_of(read_all(client, 5)) == 200
    assert upstream.seen[0].body == b"hi"
    assert upstream.seen[0].header("expect") is None


def test_refused_expectation_costs_no_body(front, upstream):
    raw = (
        b"POST /api/auth/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    )
    assert statuses_of(front.ask(raw, timeout=3)) == [413]
    assert upstream.targets() == []


def test_head_answers_have_a_length_and_no_body(front, upstream):
    raw = b"HEAD /api/echo HTTP/1.1\r\nHost: a\r\n\r\nGET /api/after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = front.ask(raw)
    first, _, rest = answers.partition(b"\r\n\r\n")
    assert b"content-length: " in first
    assert rest.startswith(b"HTTP/1.1 200")
    assert upstream.targets() == ["/api/echo", "/api/after"]


@pytest.mark.parametrize(("status", "body"), [(204, b""), (304, b""), (404, b'{"code": "x"}'), (201, b"{}")])
def test_statuses_pass(front, upstream, status, body):
    upstream.answers["/api/answer"] = (status, {}, body)
    answer = front.get("/api/answer")
    assert (answer.status, answer.body) == (status, body)


def test_chunked_answers_pass(front, upstream):
    upstream.answers["/api/answer"] = (200, {"transfer-encoding": "chunked"}, b'{"chunked": true}')
    answer = front.get("/api/answer")
    assert answer.json() == {"chunked": True}


def test_answers_that_end_with_the_connection_pass(front, upstream):
    assert front.get("/api/bad/until-close").body == b"up to the end"


def test_interim_answers_are_skipped(front, upstream):
    answer = front.get("/api/bad/interim")
    assert (answer.status, answer.body) == (200, b"OK")


def test_connections_to_the_upstream_are_reused(front, upstream):
    front.get("/api/echo")
    before = upstream.connections
    for _ in range(20):
        assert front.get("/api/echo").status == 200
    assert upstream.connections == before


def test_pipelined_requests_are_answered_in_order(front, upstream):
    raw = b"".join(b"GET /api/echo?n=%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(10))
    raw += b"GET /api/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = front.ask(raw)
    assert statuses_of(answers) == [200] * 11
    positions = [answers.index(f"/api/echo?n={n}".encode()) for n in range(10)]
    assert positions == sorted(positions)


def test_http_1_0_clients_are_served_and_closed(front, upstream):
    raw = front.ask(b"GET /api/echo HTTP/1.0\r\nHost: a\r\n\r\n")
    answer = Answer.parse(raw)
    assert answer.status == 200
    assert answer.headers["connection"] == "close"
    assert json.loads(answer.body)["target"] == "/api/echo"


def test_events_arrive_one_by_one(front, upstream):
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as client:
        client.sendall(b"GET /api/chat/sse/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        client.recv(10_000)
        started = time.monotonic()
        rest = read_all(client, 5)
    assert b"data: 2" in rest
    assert time.monotonic() - started > 0.3  # they were not held back until the end


def test_prefix_is_cut_for_upstreams_that_do_not_know_it(front, upstream, signer):
    token = signer.sign(user_id=1, session_id="s1", roles=(), token_id="t1")
    answer = front.get("/ai/recommendations/v1/items?x=1", f"Authorization: Bearer {token}")
    assert answer.status == 200, answer.body
    assert upstream.targets() == ["/v1/items?x=1"]


def test_unknown_paths_get_the_envelope(front, upstream):
    answer = front.get("/nothing/here")
    assert answer.status == 404
    assert answer.json()["code"] == "not_found"
    assert upstream.targets() == []


def test_methods_that_a_route_does_not_take(front, upstream):
    answer = front.get("/media/picture.jpg", method="POST", body=b"x")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["code"] == "method_not_allowed"
    assert upstream.targets() == []


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bodies_over_the_limit_of_the_route(front, upstream, framing):
    head = b"POST /api/auth/login/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    body = b"x" * 200_000
    if framing == "length":
        raw = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        raw = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    answer = Answer.parse(front.ask(raw))
    assert answer.status == 413
    assert answer.json()["code"] == "payload_too_large"
    assert all(len(seen.body) < len(body) for seen in upstream.seen)


def test_answer_before_the_upload_is_over(front, upstream):
    raw = b"POST /api/early HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 100_000
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as client:
        client.sendall(raw)
        answer = read_all(client, 5)
    assert status_of(answer) == 403
    assert b"connection: close" in answer.lower()
