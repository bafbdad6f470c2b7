"""What the services tell each other: every event, its version and its fields. ``docs/events.md`` is made from here.

A change that readers of the old fields would notice (one removed, renamed, or given another meaning) is a new version
of the same type, beside the old one until nobody emits it. A new field with a default is not.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class EventPayload(BaseModel):
    """Fields of one event. A subclass that names a ``TYPE`` is an event; without one it is a common part of several."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    #: Whether merchants may receive it by webhook.
    PUBLIC: ClassVar[bool] = True


class UnknownEvent(LookupError):
    """No schema for this type and version."""


class OrderLine(BaseModel):
    """One line of a placed order."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    product_id: int
    variant_id: int | None
    sku: str
    quantity: int
    unit_price_minor: int


class OrderFact(EventPayload):
    """What every order event says."""

    order_id: int
    number: str = Field(description="What the customer calls the order.")
    user_id: int | None
    currency: str = Field(description="ISO 4217.")
    total_minor: int = Field(description="Total in minor units of the currency.")


class OrderPlaced(OrderFact):
    """An order was placed; its stock is reserved and it waits for payment."""

    TYPE = "order.placed"
    lines: list[OrderLine]


class OrderPaid(OrderFact):
    """An order's payment arrived; its stock is claimed."""

    TYPE = "order.paid"


class OrderShipped(OrderFact):
    """An order was handed to the carrier."""

    TYPE = "order.shipped"
    tracking: str = Field("", description="The carrier's number, if there is one.")


class OrderDelivered(OrderFact):
    """An order arrived."""

    TYPE = "order.delivered"


class OrderCancelled(OrderFact):
    """An order was cancelled; its stock can be sold again."""

    TYPE = "order.cancelled"
    reason: str = ""


class OrderExpired(OrderFact):
    """An order was not paid in time and was cancelled."""

    TYPE = "order.expired"


class ReturnFact(OrderFact):
    """What events of a return request say."""

    return_id: int


class ReturnRequested(ReturnFact):
    """The buyer wants to send an order back."""

    TYPE = "order.return_requested"


class ReturnApproved(ReturnFact):
    """Staff agreed to a return."""

    TYPE = "order.return_approved"


class ReturnRejected(ReturnFact):
    """Staff refused a return."""

    TYPE = "order.return_rejected"


class OrdersImported(EventPayload):
    """Orders of another system were imported; there are no events for the single ones."""

    TYPE = "orders.imported"
    PUBLIC = False
    first_order_id: int
    last_order_id: int = Field(description="All orders between both ids, which may be others' too.")
    created: int


class PaymentFact(EventPayload):
    """What every payment event says."""

    payment_id: int
    order_id: int
    number: str = Field(description="What the customer calls the order.")
    user_id: int
    currency: str = Field(description="ISO 4217.")
    amount_minor: int = Field(description="Amount of the payment in minor units.")


class PaymentSucceeded(PaymentFact):
    """The money of a payment arrived. Whether it could still pay for the order is said by ``order.paid``."""

    TYPE = "payment.succeeded"


class PaymentFailed(PaymentFact):
    """A payment was refused for good, or ended unpaid."""

    TYPE = "payment.failed"
    failure_code: str = Field("", description="The provider's code; empty when the page was left unpaid.")


class RefundFact(PaymentFact):
    """What every refund event says; ``amount_minor`` is the amount of the refund."""

    refund_id: int
    reason: str


class RefundRequested(RefundFact):
    """Money is to go back; the provider does not know yet."""

    TYPE = "refund.requested"
    PUBLIC = False


class RefundSucceeded(RefundFact):
    """Money went back."""

    TYPE = "refund.succeeded"


class RefundFailed(RefundFact):
    """A refund was refused, or the customer's bank sent it back."""

    TYPE = "refund.failed"
    failure_code: str = ""


class ProductFact(EventPayload):
    """What every product event says."""

    product_id: int
    sku: str
    slug: str


class ProductCreated(ProductFact):
    """A product was added to the catalogue."""

    TYPE = "product.created"


class ProductUpdated(ProductFact):
    """A product was changed."""

    TYPE = "product.updated"
    fields: list[str] = Field(description="Names of what the caller set, whether or not the value differs.")


class ProductDeleted(ProductFact):
    """A product was taken out of the shop."""

    TYPE = "product.deleted"


class ProductImageAdded(EventPayload):
    """A picture was added to a product."""

    TYPE = "product.image_added"
    product_id: int
    image_id: int
    file: str = Field(description="Name in the media storage.")


class PriceChanged(EventPayload):
    """A product or one of its variants has another price."""

    TYPE = "price.changed"
    product_id: int
    variant_id: int | None
    old_price_minor: int
    price_minor: int
    currency: str


class CategoryCreated(EventPayload):
    """A category was added."""

    TYPE = "category.created"
    category_id: int
    slug: str
    parent_id: int | None


class CategoryChanged(EventPayload):
    """A category was renamed or moved; products in and below it are found by other words."""

    TYPE = "category.changed"
    category_id: int


class CategoryDeleted(EventPayload):
    """A category was deleted with all below it; their products have none now."""

    TYPE = "category.deleted"
    category_id: int


class TagChanged(EventPayload):
    """A tag was renamed or deleted; products that have or had it are found by other words."""

    TYPE = "tag.changed"
    tag_id: int


class StockChanged(EventPayload):
    """What can be sold of a unit became nothing, or something again. Emitted by the database itself."""

    TYPE = "stock.changed"
    PUBLIC = False
    stock_item_id: int
    in_stock: bool


class CatalogueImported(EventPayload):
    """Many products were created or updated at once; there are no events for the single ones."""

    TYPE = "catalogue.imported"
    source: str
    seed: int | None = Field(None, description="Of a generated catalogue.")
    created: int
    updated: int


class ReviewFact(EventPayload):
    """What events of a review's life say."""

    review_id: int
    product_id: int
    rating: int
    status: str


class ReviewCreated(ReviewFact):
    """A customer reviewed a product."""

    TYPE = "review.created"


class ReviewUpdated(ReviewFact):
    """A customer changed their review."""

    TYPE = "review.updated"


class ReviewModerated(ReviewFact):
    """Staff approved or rejected a review."""

    TYPE = "review.moderated"


class ReviewDeleted(ReviewFact):
    """A review was removed; the fields are what it last was."""

    TYPE = "review.deleted"


class ReviewVoted(EventPayload):
    """Somebody found a review helpful."""

    TYPE = "review.voted"
    review_id: int
    product_id: int
    helpful_count: int


class ActivityRecorded(EventPayload):
    """Visitors looked at products or changed their carts; one event for all of some seconds."""

    TYPE = "activity.recorded"
    PUBLIC = False
    first_id: int
    last_id: int = Field(description="All rows between both ids, of which others may tell, too.")
    count: int


class SearchesCounted(EventPayload):
    """Texts were searched; one event for up to a thousand texts of a minute."""

    TYPE = "searches.counted"
    PUBLIC = False
    text_ids: list[int]


class ReportRequested(EventPayload):
    """Somebody of the staff waits for a report."""

    TYPE = "report.requested"
    PUBLIC = False
    report_id: int


class PasswordResetRequested(EventPayload):
    """Somebody asked for a new password. The token is made when the mail is, and is not in here."""

    TYPE = "user.password_reset_requested"
    PUBLIC = False
    user_id: int


@cache
def event_schemas() -> dict[tuple[str, int], type[EventPayload]]:
    """Every event's model by type and version, in the order in which they are written above."""
    return {(model.TYPE, model.VERSION): model for model in _events_below(EventPayload)}


def event_schema(type: str, version: int) -> type[EventPayload]:
    """The model of one event. Raises :class:`UnknownEvent`."""
    try:
        return event_schemas()[type, version]
    except KeyError:
        raise UnknownEvent(f"{type} version {version} is not in meshop_shared.events") from None


def payload_check(type: str, version: int, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with its defaults filled in. Raises :class:`UnknownEvent` and ``pydantic.ValidationError``."""
    return event_schema(type, version).model_validate(payload).model_dump()


def _events_below(model: type[EventPayload]) -> Iterator[type[EventPayload]]:
    for subclass in model.__subclasses__():
        if "TYPE" in vars(subclass):
            yield subclass
        yield from _events_below(subclass)
