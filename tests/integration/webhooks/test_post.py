"""One call: to the address that was checked, within its deadline, reading no more than it needs."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.webhooks import http_post, targets
from apps.webhooks.http_post import MAX_ANSWER, post
from apps.webhooks.targets import Target, target_parse
from tests.support.receiver import RawServer, Receiver, Reply


def call(url, *, timeout_s=2.0, resolver=None):
    return post(target_parse(url), body=b"{}", headers={}, timeout_s=timeout_s, resolver=resolver)


@pytest.fixture
def raw():
    made = []

    def make(talk):
        made.append(RawServer(talk))
        return f"http://127.0.0.1:{made[-1].port}/"

    yield make
    for server in made:
        server.close()


class Rebinding:
    """Answers with one address after another: what a hostile name server does."""

    def __init__(self, *answers):
        self.asked = 0
        self._answers = list(answers)

    def __call__(self, host, port, timeout_s):
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class TestRebinding:
    def test_the_name_is_asked_for_once_and_the_checked_address_is_called(self, receivers, monkeypatch):
        """Red when the connection is made to the name: it would reach the second answer."""
        public, private = receivers(), receivers()
        resolver = Rebinding(["127.0.0.2"], ["127.0.0.1"])
        connected = []
        connect = socket.create_connection

        def record(address, *args, **kwargs):
            connected.append(address)
            return connect(("127.0.0.1", public.port), *args, **kwargs)

        monkeypatch.setattr(http_post.socket, "create_connection", record)
        monkeypatch.setattr(targets, "_is_public", lambda address: address == "127.0.0.2")
        answer = post(
            Target("http", "rebind.example", private.port, "/"),
            body=b"{}",
            headers={},
            timeout_s=2,
            resolver=resolver,
        )
        assert answer.accepted
        assert connected == [("127.0.0.2", private.port)]
        assert resolver.asked == 1
        assert (len(public.got), len(private.got)) == (1, 0)
        assert public.got[0].headers["Host"] == f"rebind.example:{private.port}"

    def test_a_name_that_has_become_private_is_refused_at_the_next_delivery(
        self, receiver, settings, monkeypatch
    ):
        settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "public"})
        connected = []
        monkeypatch.setattr(
            http_post.socket, "create_connection", lambda *args, **_: connected.append(args) or _refuse()
        )
        resolver = Rebinding(["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"])
        answers = [call("https://rebind.example/", resolver=resolver) for _ in range(3)]
        assert connected == [(("8.8.8.8", 443),)]
        assert "public" not in answers[0].error
        assert ["not public" in answer.error for answer in answers[1:]] == [True, True]

    def test_loopback_by_name_is_refused_in_production(self, receiver, settings):
        settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "public"})
        answer = post(Target("https", "localhost", receiver.port, "/"), body=b"", headers={}, timeout_s=2)
        assert "not public" in answer.error
        assert receiver.got == []


def _refuse():
    raise ConnectionRefusedError("nobody")


def test_the_next_address_is_tried(receiver):
    url = f"http://two.example:{receiver.port}/"
    answer = call(url, resolver=lambda *_: ["::1", "127.0.0.1"])
    assert answer.accepted


def test_a_receiver_that_never_answers(raw):
    answer = call(raw(lambda caller: time.sleep(5)), timeout_s=0.3)
    assert answer.error == "No answer within 0.3 s."
    assert answer.duration_ms < 2_000


def test_a_receiver_that_drips_its_headers(raw):
    """Red with the socket's own timeout, which starts anew with each byte."""

    def drip(caller):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000:
            caller.send(bytes([byte]))
            time.sleep(0.05)

    begin = time.monotonic()
    answer = call(raw(drip), timeout_s=0.5)
    assert answer.error == "No answer within 0.5 s."
    assert time.monotonic() - begin < 3


def test_a_receiver_that_drips_its_body_has_accepted(raw):
    def drip(caller):
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            caller.send(b"x")
            time.sleep(0.05)

    answer = call(raw(drip), timeout_s=0.5)
    assert (answer.status, answer.accepted) == (200, True)
    assert answer.duration_ms < 3_000


def test_of_an_endless_answer_the_beginning_is_read(raw):
    sent = []

    def pour(caller):
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            sent.append(caller.send(b"x" * 65_536))

    answer = call(raw(pour))
    assert answer.text == "x" * MAX_ANSWER
    assert answer.accepted
    assert sum(sent) < 20_000_000  # what fits into the kernel's buffers


def test_a_long_answer_is_cut_and_made_storable(receiver):
    receiver.always = Reply(200, b"\x00\xff" + "é".encode() * 5_000)
    text = call(receiver.url).text
    assert text.startswith("\ufffdé")
    assert len(text.encode()) <= MAX_ANSWER + 8
    assert "\x00" not in text


@pytest.mark.parametrize(
    "talk",
    [
        lambda caller: None,
        lambda caller: caller.sendall(b"hello\r\n\r\n"),
        lambda caller: caller.sendall(b"HTTP/1.1 abc\r\n\r\n"),
        lambda caller: caller.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
        lambda caller: caller.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"),
        lambda caller: caller.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lambda caller: caller.sendall(b"+OK redis\r\n"),
    ],
    ids=["closes", "no http", "no status", "500 headers", "long header", "ssh", "redis"],
)
def test_what_is_no_answer(raw, talk):
    answer = call(raw(talk))
    assert not answer.accepted
    assert answer.status is None
    assert answer.error


def test_a_chunked_answer(raw):
    answer = call(
        raw(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
    )
    assert (answer.text, answer.accepted) == ("ok", True)


@pytest.mark.parametrize("head", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"])
def test_an_empty_answer(raw, head):
    assert call(raw(lambda caller: caller.sendall(head))).accepted


def test_over_tls_the_certificate_is_checked_against_the_name(receiver, tmp_path, monkeypatch):
    """Red without verification: anybody between us and the merchant could read the events."""
    certificate = _certificate(tmp_path, "hooks.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Receiver()
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    trusted = ssl.create_default_context(cafile=str(certificate))
    here = lambda *_: ["127.0.0.1"]  # noqa: E731
    try:
        unknown = call(f"https://hooks.example:{server.port}/", resolver=here)
        monkeypatch.setattr(http_post, "_tls", lambda: trusted)
        right = call(f"https://hooks.example:{server.port}/", resolver=here)
        wrong = call(f"https://other.example:{server.port}/", resolver=here)
    finally:
        server.close()
    assert "CERTIFICATE_VERIFY_FAILED" in unknown.error
    assert right.accepted
    assert "Hostname mismatch" in wrong.error or "CERTIFICATE_VERIFY_FAILED" in wrong.error
    assert len(server.got) == 1
    assert server.got[0].headers["Host"] == f"hooks.example:{server.port}"


def _certificate(folder, name):
    key, who = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.OID_COMMON_NAME, name)]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
