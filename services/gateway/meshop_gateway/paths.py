"""Paths that every upstream would read the same way; anything else is refused before a route is chosen.

A proxy and the server behind it disagree about dot segments, encoded slashes, doubled slashes and double encoding,
and attackers live in the gap (RFC 3986 section 7.3). So the gateway does not normalise: it forwards the bytes that it
matched, or nothing.
"""

import re
from urllib.parse import unquote_to_bytes

#: pchar without percent-encoding (RFC 3986), in segments that are not empty and do not start with a dot.
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)*/?")
_ALLOWED = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
#: Decoded: control characters, backslashes, and what would decode once more into something that matters.
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f\\]|%(?:2[eEfF]|5[cC]|00)")
_ENCODED_SLASH = re.compile(rb"%(?:2[fF]|5[cC])")
_QUERY_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f-\xff#]")


def path_decode(raw: bytes) -> bytes | None:
    """The path that routes are matched against, or ``None`` if two servers could read ``raw`` differently."""
    if _PLAIN.fullmatch(raw):
        return raw
    if not _ALLOWED.fullmatch(raw) or _ENCODED_SLASH.search(raw):
        return None
    path = unquote_to_bytes(raw)
    if _FORBIDDEN.search(path) or b"//" in path:
        return None
    if any(part in (b".", b"..") for part in (segment.partition(b";")[0] for segment in path.split(b"/"))):
        return None
    return path


def query_is_plain(query: bytes) -> bool:
    """Whether the query holds no whitespace, control or raw 8-bit characters and no fragment."""
    return not _QUERY_FORBIDDEN.search(query)
