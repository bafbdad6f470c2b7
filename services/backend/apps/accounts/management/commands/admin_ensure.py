"""``manage.py admin_ensure --email E``: make sure that this administrator exists and has this password."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.snapshots import user_snapshot
from apps.audit.services import audit_record


class Command(BaseCommand):
    """Create an administrator or reset theirs; running it again changes nothing."""

    help = "Create an administrator, or give an existing account that role and this password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", help="asked for, or read from standard input, when left out")

    def handle(self, *args: Any, email: str, password: str | None, **options: Any) -> None:
        """Create or update, and say which."""
        validate_email(email)
        password = password or _read_password()
        if not password:
            raise CommandError("The password is empty.")
        self.stdout.write(f"{email}: {admin_ensure(email=email, password=password)}")


@transaction.atomic
def admin_ensure(*, email: str, password: str) -> str:
    """Answer ``created``, ``updated`` or ``unchanged``."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_superuser(email, password)
        _audit(user, {})
        return "created"
    if user.is_active and user.is_staff and user.is_superuser and user.check_password(password):
        return "unchanged"
    before = user_snapshot(user.pk)
    user.is_active = user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save(update_fields=["is_active", "is_staff", "is_superuser", "password"])
    _audit(user, before)
    return "updated"


def _audit(user: User, before: dict[str, Any]) -> None:
    audit_record(
        actor="manage.py admin_ensure",
        action="user.admin_ensure",
        target=f"user:{user.pk}",
        before=before,
        after={**user_snapshot(user.pk), "password": "set"},
    )


def _read_password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.read().strip()
