"""What can go wrong with reviews."""

from meshop_shared.errors import Conflict, NotFound


class FraudReviewNotFound(NotFound):
    """404: there is no such review."""

    code = "fraud_review_not_found"
    message = "This review does not exist."


class FraudReviewDecided(Conflict):
    """409: a review is decided once; what turned out later is a label."""

    code = "fraud_review_decided"
    message = "This review has been decided already, or needs no decision."
