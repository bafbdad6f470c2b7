"""Failures that only a gateway has."""

from meshop_shared.errors import MeshopError, ServiceUnavailable


class BadGateway(MeshopError):
    """502: the upstream could not be reached or did not answer properly."""

    status = 502
    code = "bad_gateway"
    message = "A service this request needs did not answer properly."


class GatewayTimeout(MeshopError):
    """504: the time budget of the request is used up."""

    status = 504
    code = "deadline_exceeded"
    message = "The request took too long."


class Overloaded(ServiceUnavailable):
    """503: the route has as many requests in progress as it can serve in time."""

    code = "overloaded"
    message = "The service is busy. Try again in a moment."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})
