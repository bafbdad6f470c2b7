"""Row locks of this app, held until the transaction ends. Order: user, families, tokens.

``NO KEY`` lets inserts go on that only refer to the locked row.
"""

from uuid import UUID

from apps.accounts.models import TokenFamily, User


def user_lock(*, user_id: int) -> User | None:
    """Let one writer at a time touch what belongs to a user; return the user as of now."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def live_family_lock(*, family_id: UUID) -> bool:
    """Let nobody rotate or revoke this family meanwhile; ``False`` if it has been revoked."""
    live = TokenFamily.objects.select_for_update(no_key=True).filter(pk=family_id, revoked_at__isnull=True)
    return live.values_list("pk").first() is not None
