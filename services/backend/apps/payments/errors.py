"""What can go wrong with payments. What the provider raises is in :mod:`apps.payments.providers.base`."""

from meshop_shared.errors import Conflict, NotFound, ValidationFailed


class PaymentNotFound(NotFound):
    """404: the payment does not exist, or is somebody else's."""

    code = "payment_not_found"
    message = "This payment does not exist."


class PaymentMethodNotFound(NotFound):
    """404: the caller has no such card stored."""

    code = "payment_method_not_found"
    message = "This payment method does not exist."


class OrderNotPayable(Conflict):
    """409: the order is not waiting for payment any more; ``extra`` says how it stands."""

    code = "order_not_payable"
    message = "This order cannot be paid."


class RefundExceedsCaptured(Conflict):
    """409: there is less left to return; ``extra.refundable`` says how much."""

    code = "refund_exceeds_captured"
    message = "More would be returned than was received."


class RefundFailed(Conflict):
    """409: the provider refused; ``extra.reason`` is its code. Asking again takes another key."""

    code = "refund_failed"
    message = "The payment provider refused this refund."


class RefundLineInvalid(ValidationFailed):
    """400: a line names nothing of this order, or more units than are left."""

    code = "refund_line_invalid"
    message = "These lines cannot be refunded."


class SignatureInvalid(ValidationFailed):
    """400: not signed by the provider, or too long ago."""

    code = "signature_invalid"
    message = "The signature is not valid."


class EventMalformed(ValidationFailed):
    """400: signed, but no event."""

    code = "event_malformed"
    message = "The body is not an event."


class FakeSessionClosed(Conflict):
    """409: the page of the fake provider has been paid on, or has expired."""

    code = "session_closed"
    message = "This checkout page is closed."
