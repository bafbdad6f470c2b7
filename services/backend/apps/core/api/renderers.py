"""JSON in and out through orjson."""

from collections.abc import Mapping
from typing import Any, cast

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

_MAX_DEPTH = 32


def _fallback(value: Any) -> Any:
    if isinstance(value, ReturnDict | Mapping):
        return dict(value)
    if isinstance(value, ReturnList):
        return list(value)
    return str(value)


def json_bytes(data: Any) -> bytes:
    """Serialise to UTF-8 JSON; dates as RFC 3339 with ``Z``, unknown types as strings."""
    return orjson.dumps(data, default=_fallback, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class OrjsonRenderer(BaseRenderer):
    """Renders every API answer."""

    media_type = "application/json"
    format = "json"
    charset = cast(str, None)

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body; empty for ``None``."""
        return b"" if data is None else json_bytes(data)


class OrjsonParser(BaseParser):
    """Parses JSON bodies; strict UTF-8, no NaN, objects at the top."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object. Raises ``ParseError`` for anything else.

        Reads ``request.body``, which refuses bodies over ``DATA_UPLOAD_MAX_MEMORY_SIZE`` before reading them.
        """
        try:
            data = orjson.loads(parser_context["request"].body if parser_context else stream.read())
        except ValueError as error:
            raise ParseError("The body is not valid JSON.") from error
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        _check_text_and_depth(data)
        return data


def _check_text_and_depth(data: dict[str, Any]) -> None:
    """PostgreSQL cannot store NUL in text or JSON, and deep nesting only serves to exhaust somebody's stack."""
    level: list[Any] = [data]
    for _ in range(_MAX_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if "\x00" in value:
                    raise ParseError("Text must not contain NUL characters.")
            elif isinstance(value, dict):
                inner += value
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        if not inner:
            return
        level = inner
    raise ParseError(f"The body is nested deeper than {_MAX_DEPTH} levels.")
