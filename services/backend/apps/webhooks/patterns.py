"""Which events an endpoint wants."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from meshop_shared.errors import ValidationFailed
from meshop_shared.events import event_schemas


def public_types() -> list[str]:
    """Types of the events that merchants may receive."""
    return sorted({model.TYPE for model in event_schemas().values() if model.PUBLIC})


def patterns_check(patterns: Iterable[str]) -> list[str]:
    """The patterns without repetitions. Raises ``ValidationFailed`` for one that is no type, ``area.*`` or ``*``."""
    types = public_types()
    known = {"*", *types, *(f"{type.partition('.')[0]}.*" for type in types)}
    checked = list(dict.fromkeys(patterns))
    for pattern in checked:
        if pattern not in known:
            raise ValidationFailed.for_field("events", f"There are no events {pattern[:80]!r}.")
    return checked


def patterns_match(patterns: Iterable[str], type: str) -> bool:
    """Tell whether one of the patterns is, or covers, this type."""
    return any(fnmatchcase(type, pattern) for pattern in patterns)
