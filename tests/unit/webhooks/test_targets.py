"""Nobody makes the shop call what only the shop can reach."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks import targets
from apps.webhooks.errors import TargetRefused
from apps.webhooks.targets import Target, address_check, addresses_resolve, system_resolve, target_parse

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1",
    "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "172.32.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
]


@pytest.fixture(autouse=True)
def _policy(public_only):
    pass


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address):
    with pytest.raises(TargetRefused):
        address_check(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are(address):
    address_check(address)


@given(st.ip_addresses())
def test_what_is_let_through_is_global_to_the_standard_library_too(address):
    """Two lists made by two hands: ours refuses at least what Python's does."""
    if targets._is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("https://Example.COM./a/b?c=d", "example.com", 443, "/a/b?c=d"),
        ("https://example.com:8443/x", "example.com", 8443, "/x"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x"),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", 443, "/x"),
        ("https://xn--bcher-kva.example/x%20y", "xn--bcher-kva.example", 443, "/x%20y"),
        ("https://a_b.example.com/", "a_b.example.com", 443, "/"),
    ],
)
def test_what_is_taken(url, host, port, path):
    assert target_parse(url) == Target("https", host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com", "http://example.com/", "ftp://example.com/", "file:///etc/passwd",
        "gopher://example.com/", "javascript:alert(1)", "https:///x", "https://", "https:example.com",
        "https://user@example.com/", "https://user:password@example.com/", "https://@example.com/",
        "https://example.com@127.0.0.1/", "https://example.com/#fragment", "https://example.com#",
        "https://example.com:80/", "https://example.com:22/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com:6379/", "https://example.com:x/", "https://example.com:-1/",
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
        "https://0177.0.0.1/", "https://127.0.0.1./", "https://1.2.3.4.5/", "https://example.0x/",
        "https://10.0.0.1:8443/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::]/",
        "https://[::ffff:10.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[::1", "https://[x]/", "https://::1/",
        "https://example.com/a b", "https://example.com/\r\nX: y", "https://example.com\\@127.0.0.1/",
        "https://example.com/\x00", "https://exämple.com/", "https://example.com/é", "\thttps://example.com/",
        "https://-example.com/", "https://example..com/", "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 130 + "com/", "https://example.com/" + "a" * 2_000, "https://ex ample.com/",
        "https://example.com%2f@127.0.0.1/", "https://example.com%00/",
    ],
)  # fmt: skip
def test_what_is_refused(url):
    with pytest.raises(TargetRefused) as refused:
        target_parse(url)
    assert refused.value.status == 400
    assert list(refused.value.extra["fields"]) == ["url"]


TARGET = Target("https", "example.com", 443, "/")


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1111", "::1"], ["::ffff:169.254.169.254"]],
)
def test_one_private_address_refuses_the_name(addresses):
    with pytest.raises(TargetRefused):
        addresses_resolve(TARGET, timeout_s=1, resolver=lambda *_: addresses)


def test_names_that_the_system_knows_are_checked_too():
    with pytest.raises(TargetRefused):
        addresses_resolve(Target("https", "localhost", 443, "/"), timeout_s=5)


def test_a_resolver_that_hangs_is_left_behind(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *_, **__: release.wait(10) and [])
    with pytest.raises(TimeoutError):
        system_resolve("example.com", 443, 0.05)
    release.set()


class TestDevelopment:
    @pytest.fixture(autouse=True)
    def _policy(self, any_target):
        pass

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9000/x", "https://localhost:1/", "http://[::1]:8080/", "http://10.0.0.1/"]
    )
    def test_private_targets_over_http(self, url):
        target_parse(url)

    @pytest.mark.parametrize(
        "url", ["ftp://127.0.0.1/", "http://a@localhost/", "http://127.1/", "http://a/ b"]
    )
    def test_the_rules_of_form_stay(self, url):
        with pytest.raises(TargetRefused):
            target_parse(url)
