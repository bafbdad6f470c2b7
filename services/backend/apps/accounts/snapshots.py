"""What the audit shows of accounts and groups: who may do what. Passwords and addresses are not part of it."""

from typing import Any

from django.contrib.auth.models import Group

from apps.accounts.models import User

_USER = ("email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")


def user_snapshot(user_id: int) -> dict[str, Any]:
    """An account as the database has it; empty if there is none."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return {}
    return {
        **{name: getattr(user, name) for name in _USER},
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": _codenames(user.user_permissions.values_list("content_type__app_label", "codename")),
    }


def group_snapshot(group_id: int) -> dict[str, Any]:
    """A group as the database has it; empty if there is none."""
    group = Group.objects.filter(pk=group_id).first()
    if group is None:
        return {}
    permissions = group.permissions.values_list("content_type__app_label", "codename")
    return {"name": group.name, "permissions": _codenames(permissions)}


def _codenames(rows: Any) -> list[str]:
    return sorted(f"{app}.{codename}" for app, codename in rows)
