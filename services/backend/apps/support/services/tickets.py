"""Tickets."""

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.support.errors import TicketClosed, TooManyTickets
from apps.support.locks import ticket_lock
from apps.support.models import Ticket

#: Open tickets that one customer may have.
MAX_OPEN = 20


@transaction.atomic
def ticket_open(
    *, user: AbstractBaseUser, subject: str, transcript: list[dict[str, Any]], conversation_id: UUID | None
) -> Ticket:
    """Ask a person. A conversation has one open ticket: asking again answers it. Raises ``TooManyTickets``."""
    rows = Ticket.objects.filter(user_id=user.pk, status=Ticket.Status.OPEN)
    if conversation_id is not None:
        known = rows.filter(conversation_id=conversation_id).first()
        if known is not None:
            return known
    if rows.count() >= MAX_OPEN:
        raise TooManyTickets()
    return Ticket.objects.create(
        user_id=user.pk,
        subject=subject,
        transcript=transcript,
        conversation_id=conversation_id,
        created_at=timezone.now(),
    )


@transaction.atomic
def ticket_close(*, ticket_id: int, answer: str, actor: AbstractBaseUser) -> Ticket:
    """Answer and close. Raises ``TicketNotFound`` and ``TicketClosed``."""
    ticket = ticket_lock(ticket_id=ticket_id)
    if ticket.status == Ticket.Status.CLOSED:
        raise TicketClosed()
    ticket.status, ticket.answer, ticket.closed_at = Ticket.Status.CLOSED, answer, timezone.now()
    ticket.save(update_fields=["status", "answer", "closed_at"])
    audit_record(
        actor=actor,
        action="ticket.close",
        target=f"ticket:{ticket.pk}",
        before={"status": str(Ticket.Status.OPEN)},
        after={"status": str(ticket.status)},
    )
    return ticket
