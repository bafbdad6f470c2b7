import uuid

import pytest
from django.contrib.auth import hashers

from apps.accounts.models import TokenFamily, User
from apps.accounts.services import users
from apps.accounts.services.sessions import sessions_revoke
from apps.accounts.signals import user_signed_in
from apps.accounts.signing import token_verifier
from tests.support.factories import user_make

PASSWORD = "copper-Kettle-42"
WRONG = {"email": "ada@example.com", "password": "wrong-Kettle-42"}
RIGHT = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def ada(db):
    return user_make(email="ada@example.com", password=PASSWORD)


def test_answer(guest, ada):
    response = guest.post("login/", RIGHT | {"email": " Ada@EXAMPLE.com "})
    assert response.status_code == 200
    assert response.json()["user"]["id"] == ada.pk
    assert response["Cache-Control"] == "no-store"
    claims = token_verifier().verify(response.json()["access"])
    assert (claims.user_id, claims.roles) == (ada.pk, ())
    assert claims.session_id == str(TokenFamily.objects.get().pk)


def test_unknown_wrong_and_inactive_look_the_same(guest, ada):
    user_make(email="closed@example.com", password=PASSWORD, is_active=False)
    answers = [
        guest.post("login/", WRONG),
        guest.post("login/", WRONG | {"email": "nobody@example.com"}),
        guest.post("login/", RIGHT | {"email": "closed@example.com"}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies[0]["code"] == "invalid_credentials"
    assert bodies[0] == bodies[1] == bodies[2]
    assert not TokenFamily.objects.exists()


def test_every_failure_costs_one_hash(guest, ada, monkeypatch):
    hashed = []
    hasher = hashers.get_hasher()
    for name in ("encode", "verify"):
        real = getattr(type(hasher), name)
        monkeypatch.setattr(
            type(hasher), name, lambda *a, _real=real, **k: hashed.append(1) or _real(*a, **k)
        )
    user_make(email="closed@example.com", is_active=False)
    User.objects.filter(email="closed@example.com").update(password=ada.password)
    for body in (
        WRONG,
        WRONG | {"email": "nobody@example.com"},
        RIGHT | {"email": "closed@example.com"},
        RIGHT,
    ):
        hashed.clear()
        guest.post("login/", body)
        assert hashed == [1], body


def test_roles_are_the_groups_and_administrator(guest, ada):
    user_make(email="root@example.com", password=PASSWORD, is_superuser=True)
    for name in ("support", "analyst"):
        ada.groups.add(ada.groups.model.objects.get(name=name))
    roles = [
        token_verifier().verify(guest.post("login/", RIGHT | {"email": email}).json()["access"]).roles
        for email in ("ada@example.com", "root@example.com")
    ]
    assert roles == [("analyst", "support"), ("administrator",)]


def test_stale_access_token_does_not_stop_a_login(guest, ada):
    extra = {"headers": {"Authorization": "Bearer stale"}}
    assert guest.post("login/", RIGHT, **extra).status_code == 200


def test_a_password_changed_during_the_hash_opens_no_session(guest, ada, monkeypatch):
    """Goes red without the second look under the lock."""
    real = users.user_for_login

    def slow(**kwargs):
        found = real(**kwargs)
        new = user_make(password="another-Kettle-42").password
        User.objects.filter(pk=ada.pk).update(password=new)
        sessions_revoke(user_id=ada.pk, reason="password_change")
        return found

    monkeypatch.setattr(users, "user_for_login", slow)
    assert guest.post("login/", RIGHT).status_code == 401
    assert not TokenFamily.objects.filter(user=ada, revoked_at=None).exists()


class TestCartToken:
    @pytest.fixture
    def received(self):
        seen = []

        def receive(sender, *, user, cart_token, **_):
            seen.append((user.email, cart_token))

        user_signed_in.connect(receive)
        yield seen
        user_signed_in.disconnect(receive)

    @pytest.mark.parametrize("path", ["login/", "register/"])
    @pytest.mark.parametrize("carrier", ["header", "cookie", "both"])
    def test_is_handed_on(self, guest, ada, received, path, carrier):
        token = str(uuid.uuid4())
        body = RIGHT if path == "login/" else RIGHT | {"email": "new@example.com"}
        if carrier != "header":
            guest._client.cookies["cart_token"] = token if carrier == "cookie" else str(uuid.uuid4())
        extra = {} if carrier == "cookie" else {"headers": {"X-Cart-Token": token}}
        assert guest.post(path, body, **extra).status_code in (200, 201)
        assert received == [(body["email"], token)]

    @pytest.mark.parametrize("token", ["nonsense", "' OR 1=1", "x" * 5_000, ""])
    def test_nonsense_is_none(self, guest, ada, received, token):
        assert guest.post("login/", RIGHT, headers={"X-Cart-Token": token}).status_code == 200
        assert received == [("ada@example.com", None)]

    def test_failed_logins_send_nothing(self, guest, ada, received):
        guest.post("login/", WRONG)
        assert received == []

    def test_a_receiver_that_fails_does_not_stop_the_login(self, guest, ada):
        def fail(sender, **_):
            raise RuntimeError

        user_signed_in.connect(fail)
        try:
            assert guest.post("login/", RIGHT).status_code == 200
        finally:
            user_signed_in.disconnect(fail)


def test_queries(guest, ada, django_assert_num_queries):
    with django_assert_num_queries(6):  # user with roles; begin, lock, family, token, commit
        guest.post("login/", RIGHT)
