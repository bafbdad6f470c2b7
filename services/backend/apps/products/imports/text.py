"""Texts of a file as the shop keeps them: plain, without markup, within the limits of their columns."""

import re

from apps.products.imports.errors import Unusable
from apps.products.text import plain_text

#: Half a character, as JSON can write it and UTF-8 cannot.
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str, *, field: str, limit: int, multiline: bool = False) -> str:
    """Return ``text`` without markup and stray space. Raises :class:`Unusable` when it is too long."""
    if "<" in text or "&" in text or not text.isprintable():
        if _SURROGATE.search(text):
            raise Unusable("not_utf8", field)
        text = plain_text(text, multiline=multiline)
    else:
        text = " ".join(text.split())
    if len(text) > limit:
        raise Unusable("too_long", f"{field}: {len(text)} characters, at most {limit}")
    return text
