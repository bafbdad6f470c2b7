"""An engine whose searches are counted, for merchandisers."""

from apps.products.search.port import ProductSearch, SearchAnswer, SearchAsked, Source
from apps.search.services.querylog import query_count


class CountedProductSearch:
    """Implements ``ProductSearch`` by asking ``engine``. Further pages and filtered searches are not counted again."""

    def __init__(self, engine: ProductSearch) -> None:
        self.engine = engine

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """The engine's answer."""
        answer = self.engine.search(asked)
        if asked.text and asked.page.number == 1 and not asked.page.cursor and not _is_narrowed(asked):
            query_count(text=asked.text, found=answer.count)
        return answer

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """The engine's answer; what is half typed is not counted."""
        return self.engine.suggest(text=text, limit=limit)


def _is_narrowed(asked: SearchAsked) -> bool:
    values = asked.filters.form.cleaned_data
    return bool(asked.filters.attributes) or any(
        value not in (None, "")
        for name, value in values.items()
        if name not in ("search", "ordering", "mode")
    )
