"""Cursors of searches: where a page ends, signed, and readable by either engine.

A cursor carries the sort values of its last row. Scores of one engine mean nothing to the other, so it carries how many
rows lie before it as well: when the other engine has to go on, it goes on from there.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.crypto import salted_hmac

from apps.products.search.port import Source
from meshop_shared.errors import ValidationFailed

_SIGNATURE_BYTES = 9


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows."""

    source: Source
    position: list[Any]
    #: Rows before the place.
    offset: int
    backwards: bool = False
    #: Point in time of the engine that made it.
    snapshot: str = ""
    #: Words were read more freely, because too little was found otherwise.
    relaxed: bool = False

    def encode(self, ordering: str) -> str:
        """Text for a link."""
        raw = orjson.dumps(
            [self.source, self.position, self.offset, self.backwards, self.snapshot, self.relaxed]
        )
        return base64.urlsafe_b64encode(_signature(ordering, raw) + raw).rstrip(b"=").decode()


def cursor_decode(text: str, ordering: str) -> Cursor:
    """Read a cursor of a list in this order. Raises ``ValidationFailed`` for what we did not issue."""
    try:
        signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        signed = b""
    raw = signed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signed[:_SIGNATURE_BYTES], _signature(ordering, raw)):
        raise ValidationFailed.for_field("cursor", "This cursor is not valid for this list.")
    return Cursor(*orjson.loads(raw))


def _signature(ordering: str, raw: bytes) -> bytes:
    return salted_hmac(f"search cursor {ordering}", raw, algorithm="sha256").digest()[:_SIGNATURE_BYTES]
