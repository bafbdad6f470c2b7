"""The provider for a shop without a Stripe account: development, demonstrations, tests. No money moves.

What it does is said by what it is asked: ``fake=timeout``, ``fake=late`` or ``fake=refused`` in a success URL or in
the reason of a refund makes the first call about it vanish, take effect without an answer, or be refused;
``fake=pending`` in a reason makes a refund that arrives when it is looked at again. Cards: see
:mod:`apps.payments.providers.fake_bank`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from apps.payments.models import FakeProviderObject
from apps.payments.providers.base import (
    PaymentFacts,
    ProviderRefused,
    ProviderUnavailable,
    RefundFacts,
    RefundRequest,
    SessionRequest,
)
from apps.payments.providers.fake_bank import BankRefused, FakeBank
from apps.payments.providers.stripe_objects import (
    REFERENCE,
    refund_facts,
    refund_params,
    session_facts,
    session_params,
)
from apps.payments.signatures import signature_make

_MAGIC = re.compile(r"fake=(timeout|late|refused)")
_LOCK = 0x4D455348  # "MESH": all changes of the fake bank wait for each other


class FakeProvider:
    """Stripe's behaviour without Stripe. ``deliver(payload, signature)`` takes the webhook events."""

    name = "fake"

    def __init__(
        self,
        bank: FakeBank,
        *,
        secret: str,
        deliver: Callable[[bytes, str], object],
        clock: Callable[[], float],
    ) -> None:
        self._bank, self._secret, self._deliver, self._clock = bank, secret, deliver, clock

    def session_create(self, request: SessionRequest) -> PaymentFacts:
        """Make a checkout page, or return the one that this reference has."""
        key = f"meshop-session-{request.reference}"
        session = self._call(
            key, request.success_url, lambda: self._bank.session_create(session_params(request), key=key)
        )
        return session_facts(session, self._now())

    def session_retrieve(self, *, session_id: str) -> PaymentFacts:
        """Tell how a payment stands."""
        return session_facts(_answered(lambda: self._bank.session_get(session_id)), self._now())

    def session_expire(self, *, session_id: str) -> PaymentFacts:
        """Close a page that nobody has paid on."""
        session, events = _answered(lambda: self._bank.session_expire(session_id))
        self._send(events)
        return session_facts(session, self._now())

    def refund_create(self, request: RefundRequest) -> RefundFacts:
        """Return money. The webhook arrives before the answer does."""
        key = f"meshop-refund-{request.reference}"

        def create() -> dict[str, Any]:
            refund, events = self._bank.refund_create(refund_params(request), key=key)
            self._send(events)
            return refund

        return refund_facts(self._call(key, request.reason, create), self._now())

    def refund_retrieve(self, *, refund_id: str) -> RefundFacts:
        """Tell how a refund stands; a pending one arrives now."""
        refund = _answered(lambda: self._bank.refund_get(refund_id))
        if refund["status"] == "pending":
            refund, events = self._bank.refund_settle(refund_id, succeeds=True)
            self._send(events)
        return refund_facts(refund, self._now())

    def refund_find(self, *, intent_id: str, reference: UUID) -> RefundFacts | None:
        """Look for a refund of ours among those of its payment."""
        for refund in self._bank.refunds_of(intent_id):
            if refund["metadata"].get(REFERENCE) == str(reference):
                return refund_facts(refund, self._now())
        return None

    def method_detach(self, *, method_ref: str) -> None:
        """Nothing to forget: the fake keeps no cards."""

    # The customer's side: the built-in checkout page

    def page_get(self, session_id: str) -> dict[str, Any]:
        """The session behind a checkout page. Raises ``ProviderRefused`` for an unknown one."""
        return _answered(lambda: self._bank.session_get(session_id))

    def page_confirm(self, session_id: str, *, card: str, authenticated: bool) -> dict[str, Any]:
        """The customer pays."""
        session, events = _answered(
            lambda: self._bank.confirm(session_id, card=card, authenticated=authenticated)
        )
        self._send(events)
        return session

    def page_settle(self, session_id: str, *, succeeds: bool) -> dict[str, Any]:
        """A slow payment arrives, or does not."""
        session, events = _answered(lambda: self._bank.settle(session_id, succeeds=succeeds))
        self._send(events)
        return session

    def _call(self, key: str, text: str, operation: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        magic = _MAGIC.search(text)
        behaviour = magic[1] if magic and _first_time(f"magic:{key}", magic[1]) else ""
        if behaviour == "timeout":
            raise ProviderUnavailable(extra={"reason": "timeout"})
        if behaviour == "refused":
            raise ProviderRefused(extra={"reason": "fake_refused"})
        answer = _answered(operation)
        if behaviour == "late":
            raise ProviderUnavailable(extra={"reason": "timeout"})
        return answer

    def _send(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            payload = orjson.dumps(event)
            self._deliver(
                payload,
                signature_make(payload=payload, secret=self._secret, timestamp=int(self._clock())),
            )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _answered(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except BankRefused as error:
        raise ProviderRefused(extra={"reason": error.code}) from error


def _first_time(name: str, behaviour: str) -> bool:
    """Whether this has not been done yet. What was refused stays refused."""
    _, made = FakeProviderObject.objects.get_or_create(id=name, defaults={"document": {}})
    return made or behaviour == "refused"


class DatabaseStore:
    """The fake bank's objects in our database, as far from our own rows as another company's would be."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One transaction at a time."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            yield

    def get(self, id: str) -> dict[str, Any] | None:
        """An object."""
        row = FakeProviderObject.objects.filter(pk=id).first()
        return row.document if row else None

    def put(self, id: str, document: dict[str, Any], parent: str = "") -> None:
        """Keep an object."""
        FakeProviderObject.objects.update_or_create(pk=id, defaults={"document": document, "parent": parent})

    def children(self, parent: str) -> list[dict[str, Any]]:
        """Objects of a parent."""
        rows = FakeProviderObject.objects.filter(parent=parent)
        return sorted(
            (row.document for row in rows), key=lambda document: (document["created"], document["id"])
        )
