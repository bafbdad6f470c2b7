"""The port to whoever moves the money, in our own words. Amounts are minor units, moments are UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from meshop_shared.errors import Conflict, ServiceUnavailable


class ProviderUnavailable(ServiceUnavailable):
    """503: no answer, or none that says what happened. Repeating the call with the same key is safe."""

    code = "payment_provider_unavailable"
    message = "The payment provider is not answering. Try again."


class ProviderRefused(Conflict):
    """409: the provider said no, and nothing happened. ``extra.reason`` is its code."""

    code = "payment_refused"
    message = "The payment provider refused the request."


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card as it may be shown."""

    ref: str
    customer_ref: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    #: The same for the same card, whoever pays with it; empty where the provider tells none.
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What the provider says of a payment, true at ``at``. Empty means: this source does not say.

    ``reference`` is :attr:`Payment.reference`, which travels with every object as metadata.
    """

    status: str
    at: datetime
    reference: str = ""
    session_id: str = ""
    session_url: str = ""
    intent_id: str = ""
    charge_id: str = ""
    customer_ref: str = ""
    captured_minor: int = 0
    currency: str = ""
    fee_minor: int | None = None
    failure_code: str = ""
    failure_message: str = ""
    card: CardFacts | None = None


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What the provider says of a refund, true at ``at``. ``reference`` is empty for one that we did not make."""

    status: str
    at: datetime
    refund_id: str
    intent_id: str
    amount_minor: int
    currency: str
    reference: str = ""
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A line of the provider's checkout page."""

    name: str
    unit_amount_minor: int
    quantity: int


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A checkout page to be made. The same ``reference`` always asks for the same page."""

    reference: UUID
    order_number: str
    currency: str
    lines: tuple[SessionLine, ...]
    success_url: str
    cancel_url: str
    expires_at: datetime
    customer_ref: str
    customer_email: str
    save_method: bool


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to be returned. The same ``reference`` always means the same refund."""

    reference: UUID
    intent_id: str
    amount_minor: int
    reason: str


class PaymentProvider(Protocol):
    """Every call has a deadline and raises only :class:`ProviderUnavailable` or :class:`ProviderRefused`.

    None may be made inside a database transaction. Calls that change something carry an idempotency key made from
    the ``reference`` of what they are about.
    """

    name: str

    def session_create(self, request: SessionRequest) -> PaymentFacts:
        """Make a checkout page, or return the one that this reference has."""

    def session_retrieve(self, *, session_id: str) -> PaymentFacts:
        """Tell how a payment stands, with fee and card where they are known."""

    def session_expire(self, *, session_id: str) -> PaymentFacts:
        """Close a page that nobody has paid on. Raises ``ProviderRefused`` when it is not open any more."""

    def refund_create(self, request: RefundRequest) -> RefundFacts:
        """Return money, or tell how the refund with this reference stands."""

    def refund_retrieve(self, *, refund_id: str) -> RefundFacts:
        """Tell how a refund stands."""

    def refund_find(self, *, intent_id: str, reference: UUID) -> RefundFacts | None:
        """Look for a refund of ours whose answer we may have lost. Works longer than idempotency keys last."""

    def method_detach(self, *, method_ref: str) -> None:
        """Forget a stored card. One that is forgotten already is no error."""
