"""Plain text from what people type."""

import html
import re
import unicodedata

import nh3

#: More nested escaping than this is an attack, and loses its brackets.
_MAX_PASSES = 5
_CONTROL = re.compile(r"[^\S\n]+")
_LINK = re.compile(
    r"(https?|ftp)://|www\.|\b[a-z0-9-]+\.(com|net|org|info|biz|shop|ru|cn|io|top|xyz)\b", re.I
)


def plain_text(text: str, *, multiline: bool = False) -> str:
    """Return ``text`` without markup, readable: tags go, scripts go with their content, ``a < b & c`` stays.

    Stable under repetition, also for markup that was escaped once or several times. One line unless ``multiline``.
    """
    for _ in range(_MAX_PASSES):
        cleaned = html.unescape(nh3.clean(text, tags=set()))
        if cleaned == text:
            break
        text = cleaned
    else:
        text = text.replace("<", "").replace(">", "")
    text = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    if not multiline:
        return " ".join(text.split())
    lines = (_CONTROL.sub(" ", line).strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def has_link(text: str) -> bool:
    """Tell whether ``text`` advertises an address, as spam does."""
    return _LINK.search(text) is not None
