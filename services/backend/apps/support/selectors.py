"""Reading policies and tickets."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from apps.support.errors import TicketNotFound
from apps.support.models import Policy, Ticket


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as customers read it."""

    slug: str
    title: str
    body: str
    keywords: list[str]


def policy_list() -> list[PolicyText]:
    """All policies, with the amounts that the settings hold now."""
    shop = settings.MESHOP
    amounts = {
        "{shipping_flat}": f"{shop.shipping_flat:.2f}",
        "{shipping_free_from}": f"{shop.shipping_free_from:.2f}",
        "{currency}": shop.shop_currency,
    }
    return [
        PolicyText(
            row.slug,
            row.title,
            _filled(row.body, amounts),
            [word.strip() for word in row.keywords.split(",") if word.strip()],
        )
        for row in Policy.objects.all()
    ]


def ticket_list(*, user_id: int | None, status: str | None = None) -> QuerySet[Ticket]:
    """Tickets of one user, or everybody's for ``None``."""
    rows = Ticket.objects.all() if user_id is None else Ticket.objects.filter(user_id=user_id)
    return rows.filter(status=status) if status else rows


def ticket_get(*, ticket_id: int, user_id: int | None) -> Ticket:
    """One ticket; ``user_id`` limits it to that user's. Raises :class:`TicketNotFound`."""
    row = ticket_list(user_id=user_id).filter(pk=ticket_id).first()
    if row is None:
        raise TicketNotFound()
    return row


def _filled(text: str, amounts: dict[str, str]) -> str:
    for name, amount in amounts.items():
        text = text.replace(name, amount)
    return text
