import pytest

from apps.accounts.models import TokenFamily


def ended(api):
    assert api.get("profile/").json()["code"] == "session_ended"
    assert api.post("refresh/", {"refresh": api.refresh}).json()["code"] == "refresh_invalid"


def test_by_refresh_token(customer, guest):
    response = guest.post("logout/", {"refresh": customer.refresh})
    assert (response.status_code, response.content) == (204, b"")
    assert TokenFamily.objects.get().revoke_reason == "logout"
    ended(customer)


def test_by_access_token(customer):
    assert customer.post("logout/").status_code == 204
    ended(customer)


def test_without_a_body(customer):
    assert customer.post_raw("logout/", b"", "").status_code == 204
    ended(customer)


def test_again_changes_nothing(customer):
    for body in ({}, {}, {"refresh": customer.refresh}, {"refresh": "unknown"}):
        assert customer.post("logout/", body).status_code == 204
    assert TokenFamily.objects.get().revoke_reason == "logout"


def test_by_a_used_refresh_token(customer):
    customer.post("refresh/", {"refresh": customer.refresh})
    assert customer.post("logout/", {"refresh": customer.refresh}).status_code == 204
    assert TokenFamily.objects.get().revoke_reason == "logout"


def test_other_sessions_and_users_go_on(customer, stranger, api_of):
    elsewhere = api_of(customer.user)
    customer.post("logout/", {"refresh": customer.refresh})
    assert elsewhere.get("profile/").status_code == 200
    assert stranger.get("profile/").status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [(None, "not_authenticated"), ("Bearer nonsense", "token_invalid"), ("Basic eA==", "not_authenticated")],
)
def test_nothing_to_go_by(guest, db, header, code):
    extra = {"headers": {"Authorization": header}} if header else {}
    response = guest.post("logout/", {}, **extra)
    assert (response.status_code, response.json()["code"]) == (401, code)
