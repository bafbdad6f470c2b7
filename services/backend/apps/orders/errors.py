"""What can go wrong with carts and orders."""

from meshop_shared.errors import Conflict, NotFound, ValidationFailed


class CartEmpty(ValidationFailed):
    """400: there is nothing to order."""

    code = "cart_empty"
    message = "The cart is empty."


class CartItemNotFound(NotFound):
    """404: no such line in the caller's cart."""

    code = "cart_item_not_found"
    message = "This line is not in your cart."


class CartFull(Conflict):
    """409: a cart holds a limited number of lines."""

    code = "cart_full"
    message = "The cart cannot hold more lines."


class CurrencyMismatch(Conflict):
    """409: one cart, one currency."""

    code = "currency_mismatch"
    message = "All lines must be priced in one currency."


class ProductNotFound(NotFound):
    """404: the product does not exist or is not for sale."""

    code = "product_not_found"
    message = "This product does not exist."


class VariantNotFound(NotFound):
    """404: the product has no such variant."""

    code = "variant_not_found"
    message = "This variant does not exist."


class OrderNotFound(NotFound):
    """404: the order does not exist, or is somebody else's."""

    code = "order_not_found"
    message = "This order does not exist."


class InvalidTransition(Conflict):
    """409: the order is not in a state from which this can happen."""

    code = "invalid_transition"
    message = "The order's status does not allow this."


class OrderOnHold(Conflict):
    """409: somebody looks at the order before its goods leave."""

    code = "order_on_hold"
    message = "This order is being checked; it can be shipped once that is done."


class NotReturnable(Conflict):
    """409: only what was sent can be sent back."""

    code = "not_returnable"
    message = "Only an order that was shipped or delivered can be returned."


class ReturnExists(Conflict):
    """409: one open request per order."""

    code = "return_exists"
    message = "There is an open return request for this order already."


class ReturnDecided(Conflict):
    """409: a request is decided once."""

    code = "return_decided"
    message = "This return request has been decided already."


class ReturnNotFound(NotFound):
    """404: there is no such request."""

    code = "return_not_found"
    message = "This return request does not exist."
