"""Stripe over its API, with the official library."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe
import structlog

from apps.payments.providers.base import (
    PaymentFacts,
    ProviderRefused,
    ProviderUnavailable,
    RefundFacts,
    RefundRequest,
    SessionRequest,
)
from apps.payments.providers.stripe_objects import (
    REFERENCE,
    moment,
    refund_facts,
    refund_params,
    session_facts,
    session_params,
)
from meshop_shared.metrics import BREAKER_OPEN
from meshop_shared.resilience import BreakerOpen, BreakerState, CircuitBreaker

log = structlog.get_logger(__name__)

_EXPAND = ["payment_intent.latest_charge.balance_transaction"]
_MOST_REFUNDS = 100


class StripeProvider:
    """One client per process; the library keeps one connection pool per thread.

    A call takes at most ``timeout_s`` for each of ``1 + retries`` attempts, and the pauses between them. Retries
    carry the same idempotency key, so Stripe does the work once.
    """

    name = "stripe"

    def __init__(self, *, secret_key: str, api_base: str, timeout_s: float, retries: int) -> None:
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base.rstrip("/")},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        )
        self._breaker = CircuitBreaker(
            "stripe", failures=5, reset_s=10, counts=(ProviderUnavailable,), on_change=_report
        )

    def session_create(self, request: SessionRequest) -> PaymentFacts:
        """Make a checkout page, or return the one that this reference has."""
        session = self._call(
            lambda: self._client.v1.checkout.sessions.create(
                params=session_params(request),  # type: ignore[arg-type]
                options={"idempotency_key": f"meshop-session-{request.reference}"},
            )
        )
        return session_facts(session, moment(session["created"]))

    def session_retrieve(self, *, session_id: str) -> PaymentFacts:
        """Tell how a payment stands, with fee and card where they are known."""
        session = self._call(
            lambda: self._client.v1.checkout.sessions.retrieve(session_id, params={"expand": _EXPAND})
        )
        return session_facts(session, _now())

    def session_expire(self, *, session_id: str) -> PaymentFacts:
        """Close a page that nobody has paid on."""
        session = self._call(lambda: self._client.v1.checkout.sessions.expire(session_id))
        return session_facts(session, _now())

    def refund_create(self, request: RefundRequest) -> RefundFacts:
        """Return money, or tell how the refund with this reference stands."""
        refund = self._call(
            lambda: self._client.v1.refunds.create(
                params=refund_params(request),  # type: ignore[arg-type]
                options={"idempotency_key": f"meshop-refund-{request.reference}"},
            )
        )
        return refund_facts(refund, moment(refund["created"]))

    def refund_retrieve(self, *, refund_id: str) -> RefundFacts:
        """Tell how a refund stands."""
        return refund_facts(self._call(lambda: self._client.v1.refunds.retrieve(refund_id)), _now())

    def refund_find(self, *, intent_id: str, reference: UUID) -> RefundFacts | None:
        """Look for a refund of ours among those of its payment."""
        page = self._call(
            lambda: self._client.v1.refunds.list(params={"payment_intent": intent_id, "limit": _MOST_REFUNDS})
        )
        for refund in page["data"]:
            if (refund.get("metadata") or {}).get(REFERENCE) == str(reference):
                return refund_facts(refund, _now())
        return None

    def method_detach(self, *, method_ref: str) -> None:
        """Forget a stored card. One that is forgotten already is no error."""
        try:
            self._call(lambda: self._client.v1.payment_methods.detach(method_ref))
        except ProviderRefused as refused:
            log.info("payment method was gone already", reason=refused.extra.get("reason"))

    def _call(self, operation: Callable[[], Any]) -> dict[str, Any]:
        """Run one call and return its object as plain data; errors in the words of the port."""
        try:
            answer: dict[str, Any] = self._breaker.call(lambda: _translated(operation)).to_dict()
        except BreakerOpen as error:
            raise ProviderUnavailable(extra={"reason": "breaker_open"}) from error
        return answer


def _translated(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except stripe.StripeError as error:
        reason = error.code or type(error).__name__
        log.warning(
            "stripe call failed", reason=reason, status=error.http_status, stripe_request=error.request_id
        )
        if _is_final(error):
            raise ProviderRefused(extra={"reason": reason}) from error
        raise ProviderUnavailable(extra={"reason": reason}) from error


def _is_final(error: stripe.StripeError) -> bool:
    """Whether Stripe looked at the request itself and said no.

    Not when it could not be reached, failed, was busy with the same key (409), limited us (429), or did not accept
    our API key (401, 403): then the same call can work later.
    """
    status = error.http_status or 0
    return 400 <= status < 500 and status not in (401, 403, 408, 409, 429)


def _report(name: str, state: BreakerState) -> None:
    BREAKER_OPEN.labels(name).set(state is not BreakerState.CLOSED)
    log.warning("breaker changed", dependency=name, state=state.value)


def _now() -> datetime:
    return datetime.now(UTC)
