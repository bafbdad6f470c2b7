"""What can go wrong with webhooks, each with its stable code."""

from meshop_shared.errors import Conflict, NotFound, ValidationFailed


class EndpointNotFound(NotFound):
    """404: there is no such endpoint."""

    code = "webhook_endpoint_not_found"
    message = "There is no such webhook endpoint."


class DeliveryNotFound(NotFound):
    """404: there is no such delivery, or it is older than deliveries are kept."""

    code = "webhook_delivery_not_found"
    message = "There is no such webhook delivery."


class TargetRefused(ValidationFailed):
    """400: we do not send to this address; ``extra.fields.url`` says why."""

    code = "webhook_target_refused"
    message = "Webhooks are not sent to this address."

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(extra={"fields": {"url": [sentence]}})


class TooManyEndpoints(Conflict):
    """409: delete an endpoint first; ``extra.limit`` says how many there may be."""

    code = "too_many_webhook_endpoints"
    message = "There are too many webhook endpoints."


class EndpointDisabled(Conflict):
    """409: enable the endpoint first."""

    code = "webhook_endpoint_disabled"
    message = "This webhook endpoint is disabled."


class DeliveryUnderWay(Conflict):
    """409: the delivery is being attempted at this moment."""

    code = "webhook_delivery_under_way"
    message = "This delivery is under way."
