"""Accounts for customers of a system that orders were imported from."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.hashers import make_password

from apps.accounts.models import User

#: ``.invalid`` never receives mail (RFC 2606).
EMAIL = "customer-{number}@import.invalid"


def imported_customers_ensure(*, joined: Mapping[str, datetime]) -> dict[str, int]:
    """Return user ids by customer number, creating who is missing as of ``joined``. Nobody can sign in as them."""
    emails = {EMAIL.format(number=number): number for number in joined}
    known = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
    missing = sorted(emails.keys() - known)
    User.objects.bulk_create(
        (
            User(email=email, password=make_password(None), date_joined=joined[emails[email]])
            for email in missing
        ),
        ignore_conflicts=True,
    )
    ids = User.objects.filter(email__in=emails).values_list("email", "pk")
    return {emails[email]: pk for email, pk in ids}
