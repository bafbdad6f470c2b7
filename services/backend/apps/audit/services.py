"""Recording what staff do."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from apps.audit.models import AuditEntry

#: Stands for "was not there" when states are compared.
_ABSENT = object()


def audit_record(
    *,
    actor: AbstractBaseUser | str | None,
    action: str,
    target: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record an action in the transaction that carries it out; only what ``before`` and ``after`` differ in is kept.

    ``actor`` is a member of staff or the name of a program. ``None``, for what nobody in particular does, records
    nothing, and so does an action that changed nothing. Customers' own actions are not for this place: the chain
    lets one transaction commit at a time.

    May be called anywhere in the transaction: the chain is locked at the commit, when the transaction takes no
    other lock any more, so that no two of them can wait for each other.
    """
    assert connection.in_atomic_block, "The action and its entry belong in one transaction."
    if actor is None:
        return
    old, new = _difference(before or {}, after or {})
    if not old and not new:
        return
    AuditEntry.objects.create(
        actor_id=None if isinstance(actor, str) else actor.pk,
        actor_label=actor if isinstance(actor, str) else actor.get_username(),
        action=action,
        target=target[:120],
        before=old,
        after=new,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = _plain(before), _plain(after)
    names = [name for name in {**old, **new} if old.get(name, _ABSENT) != new.get(name, _ABSENT)]
    return (
        {name: old[name] for name in names if name in old},
        {name: new[name] for name in names if name in new},
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read back: dates and decimals as text."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), cls=DjangoJSONEncoder))
    return plain
