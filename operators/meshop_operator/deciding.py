"""What a look at an object leads to: the shape that both kinds share."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from meshop_operator.api import Api
from meshop_operator.kinds import Kind
from meshop_operator.values import Document

SeenT = TypeVar("SeenT")


@dataclass(frozen=True)
class Happened:
    """Something to tell in an Event. ``key`` names it among all that happen to the object."""

    key: str
    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True)
class Decision:
    """The status from now on, what to tell, and when to look again whatever happens (``None``: not by itself)."""

    status: Document
    happened: tuple[Happened, ...] = field(default=())
    after_s: float | None = None


class Machine(Protocol, Generic[SeenT]):
    """One kind. ``decide`` is pure; the others are its eyes and hands, and safe to repeat."""

    kind: Kind

    async def observe(self, api: Api, resource: Document, now: datetime) -> SeenT:
        """Read everything that the decision is made from."""

    def claim(self, resource: Document, seen: SeenT) -> AbstractAsyncContextManager[Any] | None:
        """What is to be held while this object looks again and writes, because only one may have it."""

    def decide(self, resource: Document, seen: SeenT, now: datetime) -> Decision:
        """Take one step at most."""

    def needs_cleanup(self, status: Document) -> bool:
        """Whether something must be put back before the object may go."""

    async def converge(self, api: Api, resource: Document, seen: SeenT, now: datetime) -> None:
        """Make children what the status, which is written already, says."""
