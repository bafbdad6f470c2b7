"""How payments and refunds move: only ever upwards in rank, so that the order of arrival does not matter.

What a provider tells us is a set of observations, each with a status and the moment it was true. They arrive twice,
late and in any order. The state is the greatest observation by ``(rank, moment, names)``, which is the same for
every order of arrival.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices


class PaymentStatus(TextChoices):
    """Where a payment is. Refunds do not change it; they are counted beside it."""

    CREATED = "created", "waits for the customer"
    REQUIRES_ACTION = "requires_action", "waits for the customer's bank"
    DECLINED = "declined", "last attempt refused, another may follow"
    PENDING = "pending", "confirmed, money on its way"
    FAILED = "failed", "refused for good"
    CANCELLED = "cancelled", "ended without money"
    SUCCEEDED = "succeeded", "money received"


class RefundStatus(TextChoices):
    """Where a refund is. A bank may send money back after it seemed to have succeeded: ``failed`` outranks it."""

    REQUESTED = "requested", "not yet known to the provider"
    PENDING = "pending", "money on its way"
    SUCCEEDED = "succeeded", "money returned"
    FAILED = "failed", "refused"
    CANCELLED = "cancelled", "withdrawn"


PAYMENT_RANK: dict[str, int] = {
    PaymentStatus.CREATED: 0,
    PaymentStatus.REQUIRES_ACTION: 1,
    PaymentStatus.DECLINED: 1,
    PaymentStatus.PENDING: 2,
    PaymentStatus.FAILED: 3,
    PaymentStatus.CANCELLED: 3,
    PaymentStatus.SUCCEEDED: 4,
}
REFUND_RANK: dict[str, int] = {
    RefundStatus.REQUESTED: 0,
    RefundStatus.PENDING: 1,
    RefundStatus.SUCCEEDED: 2,
    RefundStatus.FAILED: 3,
    RefundStatus.CANCELLED: 3,
}

#: The customer can still pay with it; an order has at most one such payment.
OPEN = (
    PaymentStatus.CREATED,
    PaymentStatus.REQUIRES_ACTION,
    PaymentStatus.DECLINED,
    PaymentStatus.PENDING,
)
#: Not answered yet; the money is set aside.
UNDECIDED = (RefundStatus.REQUESTED, RefundStatus.PENDING)
#: Nothing was returned; the money can be returned another way.
REFUND_GONE = (RefundStatus.FAILED, RefundStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Observation:
    """A status, the moment at which it was true, and why if it is a refusal."""

    status: str
    at: datetime
    code: str = ""

    def supersedes(self, known: "Observation", ranks: dict[str, int]) -> bool:
        """Tell whether this changes what is known; ``ranks`` is the table of the thing observed.

        Stripe's clock is no finer than a second: between two observations of one second the names decide.
        """
        return self._key(ranks) > known._key(ranks)

    def _key(self, ranks: dict[str, int]) -> tuple[int, datetime, str, str]:
        return (ranks[self.status], self.at, str(self.status), self.code)
