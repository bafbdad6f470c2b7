"""Webhooks: checked, stored by event id and committed, then applied. Any order and repetition end in one state."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.types.json import Jsonb

from apps.core.failpoints import failpoint
from apps.payments.errors import EventMalformed
from apps.payments.locks import payment_lock_by_names
from apps.payments.metrics import WEBHOOKS
from apps.payments.models import Payment, StripeEvent
from apps.payments.providers.base import PaymentFacts, RefundFacts
from apps.payments.providers.stripe_objects import event_facts, moment
from apps.payments.services.observations import payment_observe
from apps.payments.services.refund_observations import refund_observe
from apps.payments.signatures import signature_check, webhook_secrets
from apps.payments.states import REFUND_GONE, PaymentStatus

log = structlog.get_logger(__name__)

State = StripeEvent.State
#: Not done with; the reconciler tries these again.
UNFINISHED = (State.RECEIVED, State.WAITING, State.FAILED)


def webhook_receive(*, payload: bytes, signature: str) -> str:
    """Take a webhook; return what became of its event, a :class:`StripeEvent.State`.

    Once this returns the event is ours: an error while applying it is recorded and tried again by the reconciler.
    Raises ``SignatureInvalid`` and :class:`EventMalformed`, and then nothing is stored.
    """
    signature_check(payload=payload, header=signature, secrets=webhook_secrets(), now=time.time())
    event = _store(_parse(payload))
    outcome = _process(event)
    WEBHOOKS.labels(outcome).inc()
    return outcome


def _parse(payload: bytes) -> dict[str, Any]:
    """Read the event. PostgreSQL cannot keep NUL characters, not even escaped ones."""
    try:
        event: dict[str, Any] = orjson.loads(payload)
        moment(event["created"])
        is_event = (
            event["object"] == "event"
            and _is_text(event["id"], 255)
            and _is_text(event["type"], 80)
            and isinstance(event["data"]["object"], dict)
        )
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise EventMalformed() from error
    if not is_event or b"\\u0000" in payload:
        raise EventMalformed()
    return event


def _is_text(value: object, limit: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limit


_STORE = """
INSERT INTO payments_stripeevent (event_id, type, created, payload, intent_id, state, attempts, error)
VALUES (%(event_id)s, %(type)s, %(created)s, %(payload)s, '', 'received', 0, '')
ON CONFLICT (event_id) DO NOTHING RETURNING id
"""


def _store(payload: dict[str, Any]) -> StripeEvent:
    """Keep the event, committed by its one statement; one that we have is returned as it stands."""
    values: dict[str, Any] = {
        "event_id": payload["id"],
        "type": payload["type"],
        "created": moment(payload["created"]),
    }
    failpoint("webhook.checked")
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {**values, "payload": Jsonb(payload)}
        cursor.execute(_STORE, parameters)
        row = cursor.fetchone()
    failpoint("webhook.stored")
    if row is None:
        return StripeEvent.objects.get(event_id=payload["id"])
    return StripeEvent(pk=row[0], payload=payload, **values)


def event_process(*, event_id: str) -> str:
    """Apply a stored event if that has not been done; return its state. Errors become the state ``failed``."""
    return _process(StripeEvent.objects.get(event_id=event_id))


def _process(event: StripeEvent) -> str:
    if event.state not in UNFINISHED:
        return event.state
    try:
        return _apply(event)
    except Exception as error:  # the edge: whatever a stored event does must not lose it
        log.exception("stripe event failed", event_id=event.event_id, type=event.type)
        _mark(event, State.FAILED, error=f"{type(error).__name__}: {error}"[:300])
        return State.FAILED


@transaction.atomic(savepoint=False)
def _apply(event: StripeEvent) -> str:
    """Take in what the event says and mark it, in one transaction under the lock of its payment.

    Taking in the same facts twice changes nothing, so two deliveries at the same moment need not know of each other.
    """
    facts = event_facts(event.type, event.payload["data"]["object"], event.created)
    state, payment = State.IGNORED, None
    if isinstance(facts, PaymentFacts):
        state, payment = _apply_payment(facts)
    elif isinstance(facts, RefundFacts):
        payment = refund_observe(provider=settings.MESHOP.payment_provider, facts=facts)
        state = State.APPLIED if payment else State.WAITING
        if payment is not None and facts.status in REFUND_GONE:
            _apply_waiting(payment)
    _mark(event, state, payment=payment, intent_id=facts.intent_id if facts else "")
    failpoint("webhook.applying")
    transaction.on_commit(lambda: failpoint("webhook.applied"))
    return state


def _apply_payment(facts: PaymentFacts) -> tuple[State, Payment | None]:
    """A payment that we do not know is not ours: ours are committed before the provider hears of them."""
    payment = payment_lock_by_names(
        reference=_uuid(facts.reference),
        session_id=facts.session_id,
        intent_id=facts.intent_id,
        provider=settings.MESHOP.payment_provider,
    )
    if payment is None:
        return State.IGNORED, None
    before = (payment.status, payment.intent_id)
    payment_observe(payment=payment, facts=facts)
    if payment.status == PaymentStatus.SUCCEEDED and (payment.status, payment.intent_id) != before:
        _apply_waiting(payment)
    return State.APPLIED, payment


def _apply_waiting(payment: Payment) -> None:
    """Refunds that were heard of before their payment, or before another had failed and made room for them."""
    for event in StripeEvent.objects.filter(state=State.WAITING, intent_id=payment.intent_id).order_by("pk"):
        facts = event_facts(event.type, event.payload["data"]["object"], event.created)
        if isinstance(facts, RefundFacts) and refund_observe(provider=payment.provider, facts=facts):
            _mark(event, State.APPLIED, payment=payment, intent_id=payment.intent_id)


def _mark(
    event: StripeEvent, state: State, *, payment: Payment | None = None, intent_id: str = "", error: str = ""
) -> None:
    now = timezone.now()
    StripeEvent.objects.filter(pk=event.pk).update(
        state=state,
        payment=payment,
        intent_id=intent_id,
        error=error,
        attempts=F("attempts") + 1,
        applied_at=now if state == State.APPLIED else None,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def events_finish(*, limit: int, give_up: timedelta) -> int:
    """Try again what was stored and not applied; what has waited too long was not ours. Return how many were done."""
    events = StripeEvent.objects.filter(state__in=UNFINISHED).order_by("received_at")
    done = 0
    for event_id, received_at in list(events.values_list("event_id", "received_at")[:limit]):
        state = event_process(event_id=event_id)
        if state == State.WAITING and received_at < timezone.now() - give_up:
            StripeEvent.objects.filter(event_id=event_id, state=State.WAITING).update(state=State.IGNORED)
        done += state == State.APPLIED
    return done
