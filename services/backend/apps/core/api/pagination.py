"""Lists: ``{"count", "next", "previous", "results"}`` by page number, or by keyset cursor.

A keyset cursor holds the sort values of the last row seen, so page 1,000 costs what page 1 costs and rows that
arrive meanwhile shift nothing (https://use-the-index-luke.com/no-offset). Cursors are signed together with the
ordering they belong to: what we did not issue never reaches the database. Links start with ``PUBLIC_URL``, so an
answer does not depend on the ``Host`` a client sent.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.db.models import BooleanField, F, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from meshop_shared.errors import NotFound, ValidationFailed

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_MAX_OFFSET = 10_000_000


class PageNotFound(NotFound):
    """404: the list has no such page."""

    code = "page_not_found"
    message = "There is no such page."


class RowComparison(Func):
    """``(a, b) < (1, 2)``. Unlike the same said with AND and OR, PostgreSQL turns it into one index range."""

    output_field = BooleanField()

    def __init__(self, fields: tuple[str, ...], operator: str, values: list[Any]) -> None:
        super().__init__(*fields)
        self._operator, self._values = operator, values

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        """Render; each value is prepared by the field it is compared with."""
        columns: list[str] = []
        params: list[Any] = []
        for expression in self.source_expressions:
            sql, own = compiler.compile(expression)
            columns.append(sql)
            params.extend(own)
        for expression, value in zip(self.source_expressions, self._values, strict=True):
            params.append(expression.output_field.get_db_prep_value(value, connection))
        marks = ", ".join("%s" for _ in self._values)
        return f"({', '.join(columns)}) {self._operator} ({marks})", params


@dataclass(frozen=True, slots=True)
class Ordering:
    """A total order: fields that all sort in one direction, the last of them unique and none nullable."""

    fields: tuple[str, ...]
    descending: bool = False

    def expressions(self, *, backwards: bool = False) -> list[Any]:
        """Arguments for ``QuerySet.order_by``."""
        down = self.descending != backwards
        return [F(field).desc() if down else F(field).asc() for field in self.fields]

    def beyond(self, position: list[Any], *, backwards: bool = False) -> "RowComparison":
        """Rows strictly after ``position`` (before it when ``backwards``), as a condition."""
        return RowComparison(self.fields, "<" if self.descending != backwards else ">", position)

    def position_of(self, row: Any) -> list[Any]:
        """Sort values of ``row``."""
        return [getattr(row, field) for field in self.fields]


def _integer(request: Request, name: str, default: int, maximum: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:12]) <= maximum:
        raise ValidationFailed.for_field(name, f"Use a whole number from 1 to {maximum}.")
    return int(text)


_SIGNATURE_BYTES = 9


def _signature(ordering: Ordering, raw: bytes) -> bytes:
    key = f"cursor {ordering.fields} {ordering.descending}"
    return salted_hmac(key, raw, algorithm="sha256").digest()[:_SIGNATURE_BYTES]


def _encode(direction: str, ordering: Ordering, row: Any) -> str:
    raw = orjson.dumps([direction, *ordering.position_of(row)])
    return base64.urlsafe_b64encode(_signature(ordering, raw) + raw).rstrip(b"=").decode()


def _decode(cursor: str, ordering: Ordering) -> tuple[bool, list[Any]]:
    try:
        signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        signed = b""
    raw = signed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signed[:_SIGNATURE_BYTES], _signature(ordering, raw)):
        raise ValidationFailed.for_field("cursor", "This cursor is not valid for this list.")
    direction, *position = orjson.loads(raw)
    return direction == "p", position


def _link(request: Request, changes: dict[str, str]) -> str:
    query = {
        key: value for key, value in request.query_params.items() if key not in ("page", "cursor")
    } | changes
    return f"{settings.MESHOP.public_url.rstrip('/')}{request.path}?{urlencode(query)}"


def paginate(
    request: Request,
    queryset: QuerySet[Any],
    *,
    ordering: Ordering,
    serialize: Callable[[list[Any]], list[Any]],
    count: Callable[[], int] | None = None,
) -> dict[str, Any]:
    """Return one page of ``queryset`` as the body of a list.

    ``?cursor=`` (empty for the first page) selects keyset paging, else ``?page=`` counts from 1. ``count`` may be
    given where counting rows is too slow to do each time. Raises ``ValidationFailed`` and ``PageNotFound``.
    """
    size = _integer(request, "page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    total = (count or queryset.order_by().count)()
    if "cursor" in request.query_params:
        rows, following, previous = _cursor_page(request, queryset, ordering, size)
    else:
        rows, following, previous = _numbered_page(request, queryset, ordering, size, total)
    return page_body(request, count=total, following=following, previous=previous, results=serialize(rows))


#: What to change in the query to reach another page, if there is one.
Links = dict[str, str] | None


@dataclass(frozen=True, slots=True)
class PageAsked:
    """The page that a request asks for: by number, or by cursor (empty for the first)."""

    size: int
    number: int = 1
    cursor: str | None = None


def page_asked(request: Request) -> PageAsked:
    """Read it, for lists that do not come from a queryset. Raises ``ValidationFailed``."""
    size = _integer(request, "page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    if "cursor" in request.query_params:
        return PageAsked(size, cursor=request.query_params["cursor"])
    return PageAsked(size, number=_integer(request, "page", 1, _MAX_OFFSET))


def page_body(
    request: Request, *, count: int, following: Links, previous: Links, results: list[Any]
) -> dict[str, Any]:
    """The body of a list."""
    return {
        "count": count,
        "next": following and _link(request, following),
        "previous": previous and _link(request, previous),
        "results": results,
    }


def _numbered_page(
    request: Request, queryset: QuerySet[Any], ordering: Ordering, size: int, total: int
) -> tuple[list[Any], Links, Links]:
    number = _integer(request, "page", 1, _MAX_OFFSET)
    start = (number - 1) * size
    if start >= total and number > 1:
        raise PageNotFound()
    rows = list(queryset.order_by(*ordering.expressions())[start : start + size])
    following = {"page": str(number + 1)} if start + size < total else None
    return rows, following, {"page": str(number - 1)} if number > 1 else None


def _cursor_page(
    request: Request, queryset: QuerySet[Any], ordering: Ordering, size: int
) -> tuple[list[Any], Links, Links]:
    cursor, backwards = request.query_params["cursor"], False
    if cursor:
        backwards, position = _decode(cursor, ordering)
        queryset = queryset.filter(ordering.beyond(position, backwards=backwards))
    rows = list(queryset.order_by(*ordering.expressions(backwards=backwards))[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return [], None, None
    has_next, has_previous = (True, more) if backwards else (more, bool(cursor))
    following = {"cursor": _encode("n", ordering, rows[-1])} if has_next else None
    previous = {"cursor": _encode("p", ordering, rows[0])} if has_previous else None
    return rows, following, previous
