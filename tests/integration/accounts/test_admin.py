import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Address, RefreshToken, TokenFamily, User
from apps.accounts.services.sessions import session_open
from tests.support.factories import address_make, user_make

PASSWORD, NEW = "copper-Kettle-42", "silver-Teapot-77"
PROFILE = {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}


@pytest.fixture
def admin(db):
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    return client


def url(model, page, *args):
    return reverse(f"admin:accounts_{model}_{page}", args=args)


@pytest.mark.parametrize("model", [User, Address, TokenFamily, RefreshToken])
def test_pages(admin, model):
    user = user_make(email="ada@example.com")
    address_make(user=user)
    session_open(user=user, roles=())
    name = model._meta.model_name
    assert admin.get(url(name, "changelist")).status_code == 200
    assert admin.get(url(name, "changelist") + "?q=ada").status_code == 200
    page = admin.get(url(name, "change", model.objects.order_by("pk").last().pk))
    assert page.status_code == 200
    assert RefreshToken.objects.get().token_hash not in page.content.decode()


def test_sign_in_by_email(db):
    user_make(email="root@example.com", password=PASSWORD, is_staff=True)
    body = {"username": "Root@Example.com", "password": PASSWORD}
    assert Client().post("/admin/login/?next=/admin/", body).status_code == 302
    assert Client().post("/admin/login/?next=/admin/", body | {"password": "x"}).status_code == 200


def test_customers_stay_out(db):
    client = Client()
    client.force_login(user_make())
    assert client.get("/admin/").status_code == 302


def test_add_a_user(admin):
    body = {
        "email": "New@Example.com",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    response = admin.post(url("user", "add"), body | PROFILE)
    assert response.status_code == 302, response.context["adminform"].form.errors
    user = User.objects.get(email="new@example.com")
    assert user.check_password(PASSWORD)
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_set_a_password_ends_the_sessions(admin):
    user = user_make(password=PASSWORD)
    session_open(user=user, roles=())
    body = {"usable_password": "true", "password1": NEW, "password2": NEW}
    response = admin.post(reverse("admin:auth_user_password_change", args=[user.pk]), body)
    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert TokenFamily.objects.get().revoke_reason == "password_set"


def test_edit_a_user(admin):
    user = user_make()
    body = {
        "email": "Changed@Example.com",
        "is_active": "on",
        "is_staff": "on",
        "first_name": "",
        "last_name": "",
    }
    response = admin.post(url("user", "change", user.pk), body | PROFILE)
    assert response.status_code == 302
    user.refresh_from_db()
    assert (user.email, user.is_staff) == ("changed@example.com", True)


def test_deactivation_ends_the_sessions(admin):
    user = user_make(email="ada@example.com")
    session_open(user=user, roles=())
    body = {"email": user.email, "first_name": "Ada", "last_name": "L"}
    admin.post(url("user", "change", user.pk), body | {"is_active": "on"} | PROFILE)
    assert TokenFamily.objects.get().revoked_at is None
    response = admin.post(url("user", "change", user.pk), body | PROFILE)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert TokenFamily.objects.get().revoke_reason == "deactivated"


@pytest.mark.parametrize("model", ["tokenfamily", "refreshtoken"])
def test_tokens_are_not_edited(admin, model):
    session_open(user=user_make(), roles=())
    row = {"tokenfamily": TokenFamily, "refreshtoken": RefreshToken}[model].objects.get()
    assert admin.get(url(model, "add")).status_code == 403
    assert admin.post(url(model, "change", row.pk), {"revoke_reason": "x"}).status_code == 403
    assert admin.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_sessions_can_be_ended(admin):
    session_open(user=user_make(), roles=())
    family = TokenFamily.objects.get()
    admin.post(
        url("tokenfamily", "changelist"), {"action": "end_sessions", "_selected_action": [str(family.pk)]}
    )
    family.refresh_from_db()
    assert family.revoke_reason == "staff"


def test_support_sees_sessions_and_cannot_end_them(db):
    staff = user_make(is_staff=True)
    staff.groups.add(staff.groups.model.objects.get(name="support"))
    client = Client()
    client.force_login(staff)
    session_open(user=user_make(), roles=())
    page = client.get(url("tokenfamily", "changelist"))
    assert page.status_code == 200
    assert "end_sessions" not in page.content.decode()
    assert client.get(url("refreshtoken", "changelist")).status_code == 403
