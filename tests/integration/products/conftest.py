"""Who calls, and what they find."""

import pytest
from django.contrib.auth.models import Permission

from tests.support.api import client_of
from tests.support.factories import user_make


@pytest.fixture
def guest(db):
    """A client without a token."""
    return client_of()


@pytest.fixture
def customer(db):
    """A client of a customer; ``customer.user`` is the user."""
    return signed_in(user_make(first_name="Ada", last_name="King"))


@pytest.fixture
def stranger(db):
    """A client of another customer."""
    return signed_in(user_make())


@pytest.fixture
def staff(db):
    """A client of a user with every permission on the catalogue."""
    user = user_make(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="products"))
    return signed_in(user)


def signed_in(user):
    """A client of ``user``."""
    client = client_of(user)
    client.user = user
    return client
