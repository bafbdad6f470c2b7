from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User, UserProfile

FULL = {
    "first_name": "Grace",
    "last_name": "Hopper",
    "phone": "+44 (0)20 7946-0000",
    "date_of_birth": "1906-12-09",
    "language": "en-GB",
    "marketing_opt_in": True,
}


def test_shape_and_defaults(customer):
    user = customer.user
    assert customer.get("profile/").json() == {
        "id": user.pk,
        "email": user.email,
        "first_name": "Ada",
        "last_name": "",
        "date_joined": user.date_joined.isoformat().replace("+00:00", "Z"),
        "phone": "",
        "date_of_birth": None,
        "language": "en",
        "marketing_opt_in": False,
    }


@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_all(customer, method):
    response = customer.send(method, "profile/", FULL)
    assert response.status_code == 200
    assert response.json() == customer.get("profile/").json()
    assert FULL.items() <= response.json().items()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_is_left_out_stays(customer, method):
    customer.send("put", "profile/", FULL)
    assert FULL.items() <= customer.send(method, "profile/", {}).json().items()
    changed = customer.send(method, "profile/", {"phone": "", "date_of_birth": None}).json()
    assert (FULL | {"phone": "", "date_of_birth": None}).items() <= changed.items()


def test_only_ones_own(customer, stranger):
    customer.send("put", "profile/", FULL)
    assert stranger.get("profile/").json()["phone"] == ""
    assert User.objects.get(pk=stranger.user.pk).first_name == "Ada"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_email_stays(customer, method):
    response = customer.send(method, "profile/", {"email": "other@example.com", "first_name": "Eve"})
    assert response.status_code == 400
    assert set(response.json()["extra"]["fields"]) == {"email"}
    assert customer.get("profile/").json()["first_name"] == "Ada"
    same = customer.send(method, "profile/", {"email": customer.user.email.upper(), "first_name": "Eve"})
    assert (same.status_code, same.json()["first_name"]) == (200, "Eve")


TOO_YOUNG = (timezone.now() + timedelta(days=3)).date().isoformat()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", 5),
        ("first_name", None),
        ("first_name", "x" * 81),
        ("last_name", ["x"]),
        ("first_name", "<img src=x>"),
        ("last_name", "Ada\r\nBcc: x@example.com"),
        ("phone", "call me"),
        ("phone", "1" * 33),
        ("phone", 441234),
        ("date_of_birth", "31.12.1999"),
        ("date_of_birth", "1999-02-30"),
        ("date_of_birth", "1899-12-31"),
        ("date_of_birth", TOO_YOUNG),
        ("date_of_birth", 5),
        ("date_of_birth", {}),
        ("language", "klingon"),
        ("language", ""),
        ("marketing_opt_in", "yes"),
        ("marketing_opt_in", 1),
        ("marketing_opt_in", None),
    ],
)
def test_bad_values_change_nothing(customer, field, value):
    before = customer.get("profile/").json()
    response = customer.send("patch", "profile/", {"last_name": "Changed", field: value})
    assert response.status_code == 400
    assert set(response.json()["extra"]["fields"]) == {field}
    assert customer.get("profile/").json() == before


def test_privileges_are_not_part_of_it(customer):
    customer.send(
        "patch", "profile/", {"is_staff": True, "is_superuser": True, "id": 1, "date_joined": "2000-01-01"}
    )
    user = User.objects.get(pk=customer.user.pk)
    assert (user.is_staff, user.is_superuser, user.date_joined) == (False, False, customer.user.date_joined)


def test_a_profile_is_made_when_there_is_none(customer):
    assert not UserProfile.objects.exists()
    customer.send("patch", "profile/", {"phone": "1"})
    customer.send("patch", "profile/", {"phone": "2"})
    assert UserProfile.objects.get().phone == "2"


def test_queries(customer, django_assert_num_queries):
    with django_assert_num_queries(2):  # session, profile
        customer.get("profile/")
