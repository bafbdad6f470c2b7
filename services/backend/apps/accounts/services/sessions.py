"""Sessions: refresh tokens that rotate, and the access tokens that come with them.

Each login starts a family of refresh tokens. A token works once: using it gives the next of its family. Whoever
presents a used one holds a copy, and since nobody can tell the thief from the owner, the family ends
(RFC 9700 section 4.14.2).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.errors import RefreshInvalid, SessionEnded
from apps.accounts.locks import live_family_lock
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.accounts.revocation import revocation_announce
from apps.accounts.selectors import Roles, refresh_token_get
from apps.accounts.signing import token_signer

_PRUNE_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client signs in with: a short-lived access token and a refresh token for the next pair."""

    access: str
    refresh: str


@transaction.atomic(savepoint=False)
def session_open(*, user: User, roles: Roles) -> TokenPair:
    """Start a family and return its first tokens."""
    family = TokenFamily.objects.create(user=user)
    return _tokens_issue(family_id=family.pk, user_id=user.pk, roles=roles)


def session_refresh(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for new tokens; of any number of callers with one token, one succeeds.

    Raises :class:`RefreshInvalid`. If the token had been used before, its family has been revoked by then.
    """
    found = refresh_token_get(token_hash=_digest(refresh))
    if found is None:
        raise RefreshInvalid()
    token, roles = found
    if token.family.user.is_active:
        with transaction.atomic():
            if live_family_lock(family_id=token.family_id) and _token_claim(token_id=token.pk):
                return _tokens_issue(family_id=token.family_id, user_id=token.family.user_id, roles=roles)
    if RefreshToken.objects.filter(pk=token.pk, used_at__isnull=False).exists():
        family_revoke(family_id=token.family_id, reason="reuse")
    raise RefreshInvalid()


def _token_claim(*, token_id: int) -> bool:
    """Mark an unused token as used; ``True`` for exactly one caller, whatever the others read before.

    The conditions stand on the row itself: after waiting for a competing UPDATE, PostgreSQL checks those again.
    """
    now = timezone.now()
    unused = RefreshToken.objects.filter(pk=token_id, used_at__isnull=True, expires_at__gt=now)
    return unused.update(used_at=now) == 1


def session_renew(*, user: User, roles: Roles, family_id: UUID) -> TokenPair:
    """Return fresh tokens of a session and end its outstanding refresh token. Call inside a transaction.

    Raises :class:`SessionEnded` if somebody has revoked it meanwhile.
    """
    if not live_family_lock(family_id=family_id):
        raise SessionEnded()
    RefreshToken.objects.filter(family_id=family_id, used_at__isnull=True).update(used_at=timezone.now())
    return _tokens_issue(family_id=family_id, user_id=user.pk, roles=roles)


def session_end(*, refresh: str) -> None:
    """Revoke the family of a refresh token, whatever state that is in; unknown ones are ignored (RFC 7009)."""
    _families_revoke(TokenFamily.objects.filter(tokens__token_hash=_digest(refresh)), reason="logout")


def family_revoke(*, family_id: UUID, reason: str) -> None:
    """End one session. Its access tokens stop working too."""
    _families_revoke(TokenFamily.objects.filter(pk=family_id), reason=reason)


def sessions_revoke(*, user_id: int, reason: str, except_family_id: UUID | None = None) -> None:
    """End all sessions of a user, but for one if it is named."""
    families = TokenFamily.objects.filter(user_id=user_id)
    if except_family_id is not None:
        families = families.exclude(pk=except_family_id)
    _families_revoke(families, reason=reason)


def _families_revoke(families: QuerySet[TokenFamily], *, reason: str) -> None:
    """End those that are live, then tell the gateways: the services behind them that have no database rely on it."""
    live = families.filter(revoked_at__isnull=True).order_by("pk")
    with transaction.atomic():
        ids = list(live.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
        if ids:
            TokenFamily.objects.filter(pk__in=ids).update(revoked_at=timezone.now(), revoke_reason=reason)
            transaction.on_commit(partial(revocation_announce, ids), robust=True)


def sessions_prune() -> int:
    """Delete the families whose tokens have all expired, in batches; return how many."""
    live = RefreshToken.objects.filter(family=OuterRef("pk"), expires_at__gt=timezone.now())
    dead = TokenFamily.objects.filter(~Exists(live)).order_by("pk")
    total = 0
    while batch := list(dead.values_list("pk", flat=True)[:_PRUNE_BATCH]):
        TokenFamily.objects.filter(pk__in=batch).delete()
        total += len(batch)
    return total


def _tokens_issue(*, family_id: UUID, user_id: int, roles: Roles) -> TokenPair:
    refresh = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(seconds=settings.MESHOP.refresh_token_s)
    RefreshToken.objects.create(family_id=family_id, token_hash=_digest(refresh), expires_at=expires_at)
    access = token_signer().sign(
        user_id=user_id, session_id=str(family_id), roles=roles, token_id=secrets.token_hex(8)
    )
    return TokenPair(access=access, refresh=refresh)


def _digest(token: str) -> str:
    """SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
