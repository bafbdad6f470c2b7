"""What a phase says while it works: one fact at a time, for a machine to read."""

from collections.abc import Callable
from typing import Any

#: Called with ``phase``, ``generation`` and what is to be told; the command prints a JSON line for each.
Report = Callable[..., None]


def silent(**_: Any) -> None:
    """A report that nobody reads."""
