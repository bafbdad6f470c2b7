"""Row locks of this app: the switch, then a proposal; products come after."""

from apps.pricing.errors import PriceProposalNotFound
from apps.pricing.models import PriceFreeze, PriceProposal


def freeze_lock() -> PriceFreeze:
    """Lock the switch until the transaction ends."""
    PriceFreeze.objects.get_or_create(pk=1)
    return PriceFreeze.objects.select_for_update().get(pk=1)


def proposal_lock(*, proposal_id: int) -> PriceProposal:
    """Lock a proposal until the transaction ends. Raises :class:`PriceProposalNotFound`."""
    row = (
        PriceProposal.objects.select_for_update(of=("self",))
        .select_related("product")
        .filter(pk=proposal_id)
        .first()
    )
    if row is None:
        raise PriceProposalNotFound()
    return row
