"""How long lists are. Counting reads every match, a page only the rows it shows, so counts must not be what costs."""

from collections.abc import Callable

from apps.core.response_cache import CATALOGUE, STOCK, cached_bytes, cached_number

#: From this length on, a count that depends on stock may be this old. The rows of the list are always exact.
LARGE, LARGE_MAX_AGE_S = 20_000, 10


def list_length(*, name: str, depends_on_stock: bool, make: Callable[[], int]) -> int:
    """Return the number of rows of the list called ``name``, worked out by ``make`` unless it is still known.

    Exact, but for lists filtered by stock that are ``LARGE`` or longer: in a busy shop stock changes with every
    order, and counting a hundred thousand products takes half a second.
    """
    if not depends_on_stock:
        return cached_number(name=f"count {name}", stamps=(CATALOGUE,), make=make)
    length: int | None = None

    def make_if_large() -> bytes | None:
        nonlocal length
        length = cached_number(name=f"count {name}", stamps=(CATALOGUE, STOCK), make=make)
        return b"%d" % length if length >= LARGE else None

    large = cached_bytes(
        name=f"large count {name}", stamps=(CATALOGUE,), make=make_if_large, max_age_s=LARGE_MAX_AGE_S
    )
    return length if length is not None else int(large or b"0")
