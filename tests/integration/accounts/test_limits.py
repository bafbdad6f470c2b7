import uuid
from ipaddress import ip_address

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from apps.core import throttling
from apps.core.redis_client import redis_client
from tests.support.factories import user_make

PASSWORD = "copper-Kettle-42"


@pytest.fixture
def email():
    """Nobody else's counters: Redis outlives the test."""
    return f"{uuid.uuid4().hex}@example.com"


@pytest.fixture
def ip():
    raw = uuid.uuid4().hex
    return str(ip_address("2001:db8::" + ":".join(raw[i : i + 4] for i in range(0, 16, 4))))


def login(guest, email, ip, password="wrong"):
    return guest.post("login/", {"email": email, "password": password}, REMOTE_ADDR=ip)


@pytest.mark.usefixtures("limits_on", "db")
class TestGuessing:
    def test_the_eleventh_guess_waits(self, guest, email, ip):
        user_make(email=email, password=PASSWORD)
        assert [login(guest, email, ip).status_code for _ in range(10)] == [401] * 10
        blocked = login(guest, email.upper(), ip, PASSWORD)  # the right one does not help any more
        assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
        assert 290 <= int(blocked["Retry-After"]) <= 300
        assert blocked.json()["extra"]["retry_after"] == int(blocked["Retry-After"])

    def test_other_clients_and_accounts_go_on(self, guest, email, ip):
        user_make(email=email, password=PASSWORD)
        for _ in range(10):
            login(guest, email, ip)
        assert login(guest, email, "203.0.113.7", PASSWORD).status_code == 200
        assert login(guest, f"x{email}", ip).status_code == 401

    def test_unknown_accounts_are_guarded_the_same(self, guest, email, ip):
        assert [login(guest, email, ip).status_code for _ in range(11)] == [401] * 10 + [429]

    def test_successes_do_not_count(self, guest, email, ip):
        user_make(email=email, password=PASSWORD)
        assert {login(guest, email, ip, PASSWORD).status_code for _ in range(12)} == {200}

    def test_changing_the_password_is_guarded_too(self, api_of, email, ip):
        api = api_of(user_make(email=email, password=PASSWORD))
        body = {"old_password": "wrong", "new_password": "silver-Teapot-77"}
        answers = [api.post("change-password/", body, REMOTE_ADDR=ip).status_code for _ in range(11)]
        assert answers == [400] * 10 + [429]

    def test_the_admin_is_guarded_too(self, email, ip):
        user_make(email=email, password=PASSWORD, is_staff=True)
        request = RequestFactory().post("/admin/login/", REMOTE_ADDR=ip)
        assert authenticate(request, username=email, password=PASSWORD) is not None
        assert [authenticate(request, username=email, password="wrong") for _ in range(10)] == [None] * 10
        assert authenticate(request, username=email, password=PASSWORD) is None

    def test_the_window_ends(self, guest, email, ip):
        for _ in range(10):
            login(guest, email, ip)
        key = throttling._redis_key("login", f"{email}\n{ip}")
        assert 290 <= redis_client().ttl(key) <= 300
        redis_client().delete(key)
        assert login(guest, email, ip).status_code == 401


@pytest.mark.usefixtures("limits_on", "db")
@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        ("register/", {}, 600),
        ("password-reset/", {"email": "nobody@example.com"}, 120),
        ("password-reset/confirm/", {"uid": "x", "token": "x", "new_password": "x"}, 120),
    ],
)
def test_requests_per_address(guest, ip, path, body, limit):
    name = "register" if path == "register/" else "reset"
    redis_client().set(throttling._redis_key(name, ip), limit - 1, ex=60)
    assert guest.post(path, body, REMOTE_ADDR=ip).status_code != 429
    blocked = guest.post(path, body, REMOTE_ADDR=ip)
    assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(blocked["Retry-After"]) <= 60
    assert guest.post(path, body, REMOTE_ADDR="203.0.113.8").status_code != 429


def test_off_means_off(guest, db, email, ip):
    assert {login(guest, email, ip).status_code for _ in range(12)} == {401}
    assert not redis_client().exists(throttling._redis_key("login", f"{email}\n{ip}"))


@pytest.fixture
def without_redis(limits_on, settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    redis_client.cache_clear()
    yield
    redis_client.cache_clear()


def test_without_redis_nobody_is_blocked(guest, db, without_redis, email, ip):
    user_make(email=email, password=PASSWORD)
    assert {login(guest, email, ip).status_code for _ in range(11)} == {401}
    assert login(guest, email, ip, PASSWORD).status_code == 200
    assert guest.post("register/", {"email": f"x{email}", "password": PASSWORD}).status_code == 201
