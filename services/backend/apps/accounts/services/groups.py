"""The staff groups."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.accounts.roles import PERMISSIONS_BY_ROLE


@transaction.atomic
def groups_sync() -> None:
    """Make the staff groups grant exactly what :mod:`apps.accounts.roles` says. Running it again changes nothing.

    Raises ``LookupError`` if the table names a permission that does not exist.
    """
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": pk for app, codename, pk in rows}
    wanted = {codename for codenames in PERMISSIONS_BY_ROLE.values() for codename in codenames}
    if missing := wanted - known.keys():
        raise LookupError(f"apps.accounts.roles names unknown permissions: {', '.join(sorted(missing))}.")
    for role, codenames in PERMISSIONS_BY_ROLE.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set({known[codename] for codename in codenames})
