"""What can go wrong with stock."""

from meshop_shared.errors import Conflict


class InsufficientStock(Conflict):
    """409: less is left than was asked for; ``extra.lines`` says what is available."""

    code = "insufficient_stock"
    message = "There is not enough stock."


class StockBelowReserved(Conflict):
    """409: stock cannot be taken away that is already promised to orders."""

    code = "stock_below_reserved"
    message = "Some of this stock is already reserved by orders."


class ReservationLost(Conflict):
    """409: the stock held for this order was given to others after its time ran out."""

    code = "reservation_lost"
    message = "The stock reserved for this order has expired."
