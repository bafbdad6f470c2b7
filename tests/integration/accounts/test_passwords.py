import re
import threading
import time

import pytest
from django.core import mail
from django.db import connection

from apps.accounts.errors import ResetInvalid
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.accounts.services import sessions
from apps.accounts.services.passwords import password_change, password_reset_confirm
from apps.accounts.services.sessions import TokenPair, session_open, session_refresh
from apps.core.models import OutboxEvent
from apps.notifications.models import EmailLog
from tests.support.delivery import events_deliver
from tests.support.factories import user_make
from tests.support.threads import run_together

PASSWORD, NEW = "copper-Kettle-42", "silver-Teapot-77"


@pytest.fixture
def ada(db, api_of):
    return api_of(user_make(email="ada@example.com", password=PASSWORD))


@pytest.fixture
def ask(guest, django_capture_on_commit_callbacks):
    """Ask for a reset; the worker mails its proof."""

    def ask(email="ada@example.com"):
        response = guest.post("password-reset/", {"email": email})
        with django_capture_on_commit_callbacks(execute=True):
            events_deliver()
        return response

    return ask


def proof():
    return dict(re.findall(r"^(uid|token):\s+(\S+)$", mail.outbox[-1].body, re.MULTILINE))


class TestChange:
    def test_new_password_and_tokens(self, ada, guest):
        response = ada.post("change-password/", {"old_password": PASSWORD, "new_password": NEW})
        assert response.status_code == 200
        assert set(response.json()) == {"access", "refresh"}
        assert response["Cache-Control"] == "no-store"
        assert guest.post("login/", {"email": "ada@example.com", "password": PASSWORD}).status_code == 401
        assert guest.post("login/", {"email": "ada@example.com", "password": NEW}).status_code == 200
        ada.use(TokenPair(**response.json()))
        assert ada.get("profile/").status_code == 200
        assert ada.post("refresh/", {"refresh": ada.refresh}).status_code == 200

    def test_other_sessions_end(self, ada, api_of, stranger):
        elsewhere = api_of(ada.user)
        ada.post("change-password/", {"old_password": PASSWORD, "new_password": NEW})
        assert elsewhere.get("profile/").json()["code"] == "session_ended"
        assert elsewhere.post("refresh/", {"refresh": elsewhere.refresh}).status_code == 401
        assert ada.get("profile/").status_code == 200
        assert stranger.get("profile/").status_code == 200

    def test_the_old_refresh_token_of_this_session_ends_too(self, ada):
        ada.post("change-password/", {"old_password": PASSWORD, "new_password": NEW})
        assert ada.post("refresh/", {"refresh": ada.refresh}).status_code == 401

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("wrong-Kettle-42", NEW, "old_password"),
            (PASSWORD, "short", "new_password"),
            (PASSWORD, "password123", "new_password"),
            (PASSWORD, "ada@example.com", "new_password"),
        ],
    )
    def test_refused(self, ada, guest, old, new, field):
        response = ada.post("change-password/", {"old_password": old, "new_password": new})
        assert (response.status_code, response.json()["code"]) == (400, "validation_error")
        assert set(response.json()["extra"]["fields"]) == {field}
        assert guest.post("login/", {"email": "ada@example.com", "password": PASSWORD}).status_code == 200
        assert ada.post("refresh/", {"refresh": ada.refresh}).status_code == 200

    def test_signed_in_only(self, guest, db):
        response = guest.post("change-password/", {"old_password": PASSWORD, "new_password": NEW})
        assert response.status_code == 401

    @pytest.mark.django_db(transaction=True)
    def test_a_refresh_that_is_about_to_commit_gives_no_token_that_lives_on(self, monkeypatch):
        """Goes red without the lock of the family: a thief's new token would outlive the change."""
        user = user_make(email="ada@example.com", password=PASSWORD)
        stolen = session_open(user=user, roles=())
        family = TokenFamily.objects.get()
        issued = threading.Event()
        issue = sessions._tokens_issue

        def issue_slowly(**kwargs):
            tokens = issue(**kwargs)
            if not issued.is_set():
                issued.set()
                wait_for_blocked_query()
            return tokens

        def change():
            assert issued.wait(timeout=10)
            return password_change(
                user=user, family_id=family.pk, old_password=PASSWORD, new_password=NEW, ip="203.0.113.1"
            )

        monkeypatch.setattr(sessions, "_tokens_issue", issue_slowly)
        thief, owner = run_together([lambda: session_refresh(refresh=stolen.refresh), change])
        assert isinstance(thief, TokenPair)
        assert isinstance(owner, TokenPair)
        (live,) = RefreshToken.objects.filter(used_at=None)
        assert live.token_hash == sessions._digest(owner.refresh)


def wait_for_blocked_query():
    """Until another connection waits for a lock of ours."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone():
                return
    pytest.fail("Nobody waited.")


class TestReset:
    def test_by_mail_once(self, ada, guest, ask):
        elsewhere = session_open(user=ada.user, roles=())
        response = ask("ADA@example.com")
        assert response.status_code == 202
        assert set(response.json()) == {"detail"}
        assert mail.outbox[0].to == ["ada@example.com"]

        body = proof() | {"new_password": NEW}
        assert guest.post("password-reset/confirm/", body).status_code == 200
        assert ada.get("profile/").json()["code"] == "session_ended"
        assert guest.post("refresh/", {"refresh": elsewhere.refresh}).status_code == 401
        assert guest.post("login/", {"email": "ada@example.com", "password": NEW}).status_code == 200
        again = guest.post("password-reset/confirm/", body | {"new_password": "bronze-Kettle-13"})
        assert (again.status_code, again.json()["code"]) == (400, "reset_invalid")

    @pytest.mark.parametrize("email", ["nobody@example.com", "closed@example.com"])
    def test_nobody_learns_who_has_an_account(self, ada, guest, ask, email):
        user_make(email="closed@example.com", is_active=False)
        known = ask()
        other = ask(email)
        assert (other.status_code, other.json()) == (known.status_code, known.json())
        assert [message.to for message in mail.outbox] == [["ada@example.com"]]

    def test_neither_the_event_nor_the_log_of_mails_holds_the_token(self, ada, ask):
        ask()
        event, logged = OutboxEvent.objects.get(), EmailLog.objects.get()
        assert event.payload == {"user_id": ada.user.pk}
        assert proof()["token"] not in str(logged.context) + logged.error

    def test_an_account_closed_meanwhile_gets_no_mail(self, ada, guest, django_capture_on_commit_callbacks):
        guest.post("password-reset/", {"email": "ada@example.com"})
        User.objects.update(is_active=False)
        with django_capture_on_commit_callbacks(execute=True):
            events_deliver()
        assert mail.outbox == []

    def test_a_weak_password_does_not_use_up_the_token(self, ada, guest, ask):
        ask()
        weak = guest.post("password-reset/confirm/", proof() | {"new_password": "short"})
        assert (weak.status_code, set(weak.json()["extra"]["fields"])) == (400, {"new_password"})
        assert guest.post("password-reset/confirm/", proof() | {"new_password": NEW}).status_code == 200

    @pytest.mark.parametrize(
        "change",
        [
            {"token": "abc-def"},
            {"token": "x"},
            {"token": "9" * 100 + "-" + "a" * 20},
            {"uid": "MQ"},
            {"uid": "~"},
            {"uid": "é"},
            {"uid": "x" * 64},
            {"uid": "LTE"},  # -1
            {"uid": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ"},  # 9999…
        ],
    )
    def test_forged(self, ada, guest, ask, change):
        ask()
        response = guest.post("password-reset/confirm/", proof() | {"new_password": NEW} | change)
        assert (response.status_code, response.json()["code"]) == (400, "reset_invalid")
        assert User.objects.get(email="ada@example.com").check_password(PASSWORD)

    def test_expired(self, ada, guest, ask, settings):
        ask()
        settings.PASSWORD_RESET_TIMEOUT = -1
        response = guest.post("password-reset/confirm/", proof() | {"new_password": NEW})
        assert response.json()["code"] == "reset_invalid"

    def test_the_token_of_one_is_not_that_of_another(self, ada, guest, ask, stranger):
        ask()
        mine = proof()
        ask(stranger.user.email)
        response = guest.post("password-reset/confirm/", mine | {"uid": proof()["uid"], "new_password": NEW})
        assert response.json()["code"] == "reset_invalid"

    def test_a_password_changed_meanwhile_ends_the_token(self, ada, guest, ask):
        ask()
        ada.post("change-password/", {"old_password": PASSWORD, "new_password": NEW})
        response = guest.post("password-reset/confirm/", proof() | {"new_password": "bronze-Kettle-13"})
        assert response.json()["code"] == "reset_invalid"

    @pytest.mark.django_db(transaction=True)
    def test_ten_at_once_use_it_once(self, guest):
        """Goes red if the password is set without comparing it."""
        user_make(email="ada@example.com", password=PASSWORD)
        guest.post("password-reset/", {"email": "ada@example.com"})
        events_deliver()
        found = proof()
        results = run_together(
            [
                lambda n=n: password_reset_confirm(**found, new_password=f"silver-Teapot-{n}")
                for n in range(10)
            ]
        )
        assert results.count(None) == 1
        assert sum(isinstance(result, ResetInvalid) for result in results) == 9


def test_no_session_is_left_behind(ada, guest, ask):
    ask()
    guest.post("password-reset/confirm/", proof() | {"new_password": NEW})
    assert not TokenFamily.objects.filter(revoked_at=None).exists()
