"""Row locks of this app."""

from apps.support.errors import TicketNotFound
from apps.support.models import Ticket


def ticket_lock(*, ticket_id: int) -> Ticket:
    """Lock a ticket until the transaction ends. Raises :class:`TicketNotFound`."""
    ticket = Ticket.objects.select_for_update().filter(pk=ticket_id).first()
    if ticket is None:
        raise TicketNotFound()
    return ticket
