import pytest

from apps.accounts.models import User
from apps.accounts.passwords import OwaspArgon2PasswordHasher, password_validate
from meshop_shared.errors import ValidationFailed

USER = User(email="grace.hopper@example.com", first_name="Grace", last_name="Hopper")


def test_hash_costs_what_owasp_asks():
    hasher = OwaspArgon2PasswordHasher()
    assert hasher.encode("secret", hasher.salt()).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password", ["short", "password123", "20261123774", "grace.hopper@example.com", "hopper99"]
)
def test_weak_passwords_are_refused_on_their_field(password):
    with pytest.raises(ValidationFailed) as caught:
        password_validate(password, user=USER, field="new_password")
    assert caught.value.extra["fields"]["new_password"]


@pytest.mark.parametrize("password", ["copper Kettle 42", "ö" * 12 + "1x", " leading and trailing "])
def test_strong_passwords_pass(password):
    password_validate(password, user=USER, field="password")
