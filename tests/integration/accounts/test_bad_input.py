"""Every endpoint that takes a body, against everything that is not that body."""

import pytest

from apps.accounts.models import Address, TokenFamily, User

ENDPOINTS = {
    "register/": {"email": "a@example.com", "password": "copper-Kettle-42"},
    "login/": {"email": "a@example.com", "password": "copper-Kettle-42"},
    "refresh/": {"refresh": "x"},
    "logout/": {"refresh": "x"},
    "change-password/": {"old_password": "copper-Kettle-42", "new_password": "silver-Teapot-77"},
    "password-reset/": {"email": "a@example.com"},
    "password-reset/confirm/": {"uid": "x", "token": "x", "new_password": "silver-Teapot-77"},
    "addresses/": {"full_name": "A", "line1": "B", "city": "C", "postal_code": "D", "country": "GB"},
}
WRONG = [None, True, 7, 1.5, [], ["x"], {}, {"$ne": ""}, "", "x" * 5_000]
MALFORMED = [
    b" ",
    b"{",
    b"[]",
    b"[{}]",
    b"null",
    b"true",
    b"7",
    b'"text"',
    b'{"email": NaN}',
    b'{"email": "\\u0000"}',
    b'{"email": "\\ud800"}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b"email=a%40example.com",
]


def unchanged():
    live = TokenFamily.objects.filter(revoked_at=None)
    return (User.objects.count(), live.count(), Address.objects.count()) == (1, 1, 0)


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("path", ENDPOINTS)
def test_malformed(customer, path, body):
    response = customer.post_raw(path, body)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_body")
    assert unchanged()


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_other_content_types(customer, path, content_type):
    response = customer.post_raw(path, b"x", content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_ten_megabytes(customer, path):
    response = customer.post_raw(path, b'{"email": "' + b"x" * 10_000_000 + b'"}')
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("value", WRONG, ids=lambda v: repr(v)[:12])
@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, body in ENDPOINTS.items() for field in body]
)
def test_wrong_types(customer, path, field, value):
    response = customer.post(path, ENDPOINTS[path] | {field: value})
    assert (response.status_code, response.json()["code"]) == (400, "validation_error")
    assert set(response.json()["extra"]["fields"]) == {field}
    assert unchanged()


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path != "logout/"])
def test_missing_fields_are_all_named(customer, path):
    response = customer.post(path, {})
    assert response.status_code == 400
    assert set(response.json()["extra"]["fields"]) == set(ENDPOINTS[path])


@pytest.mark.parametrize(
    "email",
    [
        "nobody",
        "two@at@example.com",
        "a b@example.com",
        "a@example.com\nBcc: b@example.com",
        "a@exa\tmple.com",
        "a" * 250 + "@example.com",
        "<a@example.com>",
        "a@example.com, b@example.com",
    ],
)
@pytest.mark.parametrize("path", ["register/", "login/", "password-reset/"])
def test_no_addresses(guest, db, path, email):
    body = ENDPOINTS[path] | {"email": email}
    response = guest.post(path, body)
    assert response.status_code == 400
    assert set(response.json()["extra"]["fields"]) == {"email"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", path) for path in ENDPOINTS if path != "addresses/"]
    + [("delete", path) for path in ENDPOINTS]
    + [
        ("post", "profile/"),
        ("delete", "profile/"),
        ("post", ".well-known/jwks.json"),
        ("post", "addresses/1/"),
    ],
)
def test_methods_that_do_not_exist(guest, db, method, path):
    response = guest.send(method, path)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response["Allow"]


@pytest.mark.parametrize("path", ["register", "profile", "addresses/1", ".well-known/jwks.json/", "nothing/"])
def test_paths_that_do_not_exist(guest, path):
    response = guest.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
