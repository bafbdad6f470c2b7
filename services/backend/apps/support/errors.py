"""What can go wrong with tickets."""

from meshop_shared.errors import Conflict, NotFound


class TicketNotFound(NotFound):
    """404: the ticket does not exist, or is somebody else's."""

    code = "ticket_not_found"
    message = "This ticket does not exist."


class TicketClosed(Conflict):
    """409: a ticket is closed once."""

    code = "ticket_closed"
    message = "This ticket is closed already."


class TooManyTickets(Conflict):
    """409: a customer has a limited number of open tickets."""

    code = "too_many_tickets"
    message = "You have many open tickets; please wait for an answer."
