"""What can go wrong with proposals."""

from meshop_shared.errors import Conflict, NotFound


class PriceProposalNotFound(NotFound):
    """404: there is no such proposal."""

    code = "price_proposal_not_found"
    message = "This proposal does not exist."


class PriceLimitsMissing(Conflict):
    """409: nothing is proposed for a product whose cost and limits nobody has set."""

    code = "price_limits_missing"
    message = "Set the product's cost and limits first."


class PriceProposalExists(Conflict):
    """409: a product has one proposal at a time."""

    code = "price_proposal_exists"
    message = "There is a proposal for this product already; decide it first."


class PriceProposalDecided(Conflict):
    """409: a proposal is decided once."""

    code = "price_proposal_decided"
    message = "This proposal has been decided already."


class PriceLimitBroken(Conflict):
    """409: the price would break a limit; ``extra.limits`` names which."""

    code = "price_limit_broken"
    message = "This price would break a limit."


class PricesFrozen(Conflict):
    """409: the freeze switch is on."""

    code = "prices_frozen"
    message = "Prices are frozen."
