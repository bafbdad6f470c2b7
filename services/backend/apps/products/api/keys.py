"""What stands for an object in a path."""

from apps.core.api.fields import MAX_ID
from meshop_shared.errors import NotFound


def parse_id(text: str) -> int:
    """An id. Raises ``NotFound`` for anything that cannot be one."""
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:20]) <= MAX_ID:
        raise NotFound()
    return int(text)


def parse_key(text: str) -> tuple[int | None, str | None]:
    """An id, or else a slug: ``(id, None)`` or ``(None, slug)``. Raises ``NotFound`` for what can be neither."""
    if text.isascii() and text.isdigit():
        return parse_id(text), None
    if not text.isprintable() or len(text) > 220:
        raise NotFound()
    return None, text
