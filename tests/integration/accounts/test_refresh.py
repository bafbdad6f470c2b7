from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.errors import RefreshInvalid
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.accounts.services import sessions
from apps.accounts.services.sessions import TokenPair, session_open, session_refresh, sessions_prune
from apps.accounts.signing import token_verifier
from tests.support.factories import user_make
from tests.support.threads import run_together


def refused(response):
    assert (response.status_code, response.json()["code"]) == (401, "refresh_invalid")
    assert response["WWW-Authenticate"] == "Bearer"


def test_rotation(customer):
    response = customer.post("refresh/", {"refresh": customer.refresh})
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert response["Cache-Control"] == "no-store"
    assert response.json()["refresh"] != customer.refresh
    old, new = (token_verifier().verify(token) for token in (customer.access, response.json()["access"]))
    assert old.session_id == new.session_id
    assert old.token_id != new.token_id
    assert customer.post("refresh/", {"refresh": response.json()["refresh"]}).status_code == 200


def test_roles_follow_the_groups(customer):
    group = customer.user.groups.model.objects.get(name="orders")
    customer.user.groups.add(group)
    access = customer.post("refresh/", {"refresh": customer.refresh}).json()["access"]
    assert token_verifier().verify(access).roles == ("orders",)


def test_replay_revokes_the_family_and_only_that(customer, api_of):
    elsewhere = api_of(customer.user)
    successor = customer.post("refresh/", {"refresh": customer.refresh}).json()["refresh"]
    refused(customer.post("refresh/", {"refresh": customer.refresh}))
    refused(customer.post("refresh/", {"refresh": successor}))
    ended = customer.get("profile/")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    assert TokenFamily.objects.get(revoked_at__isnull=False).revoke_reason == "reuse"
    assert elsewhere.get("profile/").status_code == 200
    assert elsewhere.post("refresh/", {"refresh": elsewhere.refresh}).status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "ü" * 40, "x" * 4_096])
def test_unknown(guest, db, token):
    refused(guest.post("refresh/", {"refresh": token}))


def test_access_token_is_none(customer):
    refused(customer.post("refresh/", {"refresh": customer.access}))


def test_expired_is_refused_but_no_replay(customer):
    RefreshToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(customer.post("refresh/", {"refresh": customer.refresh}))
    assert TokenFamily.objects.get().revoked_at is None


def test_closed_account(customer):
    User.objects.update(is_active=False)
    refused(customer.post("refresh/", {"refresh": customer.refresh}))
    assert RefreshToken.objects.get().used_at is None


def test_lifetime(customer, settings):
    left = RefreshToken.objects.get().expires_at - timezone.now()
    assert 0 <= settings.MESHOP.refresh_token_s - left.total_seconds() < 60


def test_queries(customer, django_assert_num_queries):
    with django_assert_num_queries(6):  # token with family, user, roles; begin, lock, claim, insert, commit
        customer.post("refresh/", {"refresh": customer.refresh})


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_have_one_winner():
    """Goes red if the claim does not say ``used_at IS NULL``."""
    refresh = session_open(user=user_make(), roles=()).refresh
    results = run_together([lambda: session_refresh(refresh=refresh)] * 50)
    assert sum(isinstance(result, TokenPair) for result in results) == 1
    assert sum(isinstance(result, RefreshInvalid) for result in results) == 49
    assert RefreshToken.objects.count() == 2
    # 49 presented a token that was used: somebody holds a copy.
    assert TokenFamily.objects.get().revoke_reason == "reuse"


@pytest.mark.django_db(transaction=True)
def test_the_claim_alone_has_one_winner():
    """The compare-and-set needs no lock of the family to be sound."""
    session_open(user=user_make(), roles=())
    token_id = RefreshToken.objects.get().pk
    results = run_together([lambda: sessions._token_claim(token_id=token_id)] * 30, at_once=30)
    assert sorted(results, key=repr) == [False] * 29 + [True]


@pytest.mark.django_db(transaction=True)
def test_refreshing_while_being_revoked_leaves_no_live_token():
    for _ in range(10):
        user = user_make()
        tokens = session_open(user=user, roles=())
        results = run_together(
            [
                lambda tokens=tokens: session_refresh(refresh=tokens.refresh),
                lambda user=user: sessions.sessions_revoke(user_id=user.pk, reason="test"),
            ]
        )
        if isinstance(results[0], TokenPair):
            with pytest.raises(RefreshInvalid):
                session_refresh(refresh=results[0].refresh)


def test_prune_deletes_what_has_expired_only(db, monkeypatch):
    monkeypatch.setattr(sessions, "_PRUNE_BATCH", 2)
    user = user_make()
    for _ in range(6):
        session_open(user=user, roles=())
    kept = TokenFamily.objects.order_by("pk").last()
    past = timezone.now() - timedelta(seconds=1)
    RefreshToken.objects.exclude(family=kept).update(expires_at=past)
    RefreshToken.objects.create(family=kept, token_hash="old", expires_at=past)
    assert sessions_prune() == 5
    assert list(TokenFamily.objects.all()) == [kept]
