import pytest

from apps.accounts.models import RefreshToken, TokenFamily, User, UserProfile
from apps.accounts.services.sessions import session_open
from apps.accounts.services.users import user_register
from tests.support.factories import user_make
from tests.support.threads import run_together

PASSWORD = "copper-Kettle-42"


@pytest.mark.django_db
def test_answer_and_rows(guest):
    body = {"email": "Ada@Example.com", "password": PASSWORD, "first_name": "Ada", "last_name": "King"}
    response = guest.post("register/", body)
    user = User.objects.get()
    assert response.status_code == 201
    assert response.json()["user"] == {
        "id": user.pk,
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "King",
    }
    assert set(response.json()) == {"user", "access", "refresh"}
    assert response["Cache-Control"] == "no-store"
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert UserProfile.objects.get().user == user
    assert TokenFamily.objects.get().user == user


@pytest.mark.django_db
def test_the_refresh_token_is_not_in_the_database(guest):
    refresh = guest.post("register/", {"email": "ada@example.com", "password": PASSWORD}).json()["refresh"]
    assert len(refresh) >= 43  # 256 bits
    assert refresh not in str(RefreshToken.objects.values())


@pytest.mark.django_db
def test_taken_in_another_case(guest):
    user_make(email="ada@example.com")
    response = guest.post("register/", {"email": "ADA@example.COM", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert User.objects.count() == 1
    assert not TokenFamily.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password123", "4729104723", "ada@example.com"])
def test_weak_password(guest, password):
    response = guest.post("register/", {"email": "ada@example.com", "password": password})
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error"
    assert set(response.json()["extra"]["fields"]) == {"password"}
    assert not User.objects.exists()


@pytest.mark.django_db
def test_privileges_cannot_be_asked_for(guest):
    body = {"email": "ada@example.com", "password": PASSWORD, "is_staff": True, "is_superuser": True, "id": 7}
    assert guest.post("register/", body).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.django_db
def test_password_is_taken_as_it_is(guest):
    body = {"email": "ada@example.com", "password": "  spaces around 1  "}
    assert guest.post("register/", body).status_code == 201
    assert guest.post("login/", body).status_code == 200
    assert guest.post("login/", body | {"password": "spaces around 1"}).status_code == 401


@pytest.mark.django_db
def test_queries(guest, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):  # begin, user, profile, (savepoint), family, token, commit
        guest.post("register/", {"email": "ada@example.com", "password": PASSWORD})


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_account():
    callers = [lambda: user_register(email="ada@example.com", password=PASSWORD)] * 20
    results = run_together(callers, at_once=20)
    refusals = [result.code for result in results if isinstance(result, Exception)]
    assert refusals == ["email_taken"] * 19
    assert User.objects.count() == TokenFamily.objects.count() == 1


@pytest.mark.django_db
def test_a_failure_on_the_way_leaves_nothing(guest, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr("apps.accounts.services.users.session_open", fail)
    assert session_open is not fail
    response = guest.post("register/", {"email": "ada@example.com", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert not User.objects.exists()
