"""Stripe's own mock of its API: checks every parameter against the OpenAPI description, and remembers nothing."""

from dataclasses import dataclass

from tools.go_program import GoProgram
from tools.ports import LOOPBACK, answers, pick_port
from tools.processes import Service

STRIPE_MOCK = GoProgram("github.com/stripe/stripe-mock", "v0.203.0")


@dataclass(frozen=True)
class StripeMock:
    """The server."""

    port: int
    tls_port: int

    @classmethod
    def planned(cls) -> "StripeMock":
        """On two free ports."""
        port = pick_port()
        return cls(port, pick_port(avoid=frozenset({port})))

    @property
    def url(self) -> str:
        """What the Stripe library takes as the base of the API."""
        return f"http://{LOOPBACK}:{self.port}"

    def service(self) -> Service:
        """The server as a program to keep running; it must have been built."""
        addresses = (f"{LOOPBACK}:{self.port}", f"{LOOPBACK}:{self.tls_port}")
        return Service(
            name=STRIPE_MOCK.name,
            command=(str(STRIPE_MOCK.path), "-http-addr", addresses[0], "-https-addr", addresses[1]),
            ready=lambda: answers(self.port),
            address=addresses[0],
        )
