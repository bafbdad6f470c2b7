import io

import pytest
from rest_framework.exceptions import ParseError

from apps.core.api.renderers import OrjsonParser


def parse(body: bytes):
    return OrjsonParser().parse(io.BytesIO(body))


def test_objects_come_through():
    assert parse(b'{"a": [1, {"b": "\\\\u0000 is text"}]}') == {"a": [1, {"b": "\\u0000 is text"}]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff",
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": [{"b": ["x\\u0000"]}]}',
    ],
)
def test_everything_else_is_a_parse_error(body):
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize("depth", [40, 400, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_a_parse_error(depth, opening, closing):
    with pytest.raises(ParseError):
        parse(b'{"a":' + opening * depth + b"1" + closing * depth + b"}")
