"""Articles out of invoice lines: a stock code becomes a product, described by how it was sold."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from apps.products.imports.records import ArticleRecord
from apps.products.imports.retail.lines import LineKind, RetailLine
from apps.products.imports.retail.rules import attributes_from, category_from, tags_from

#: Different descriptions and prices remembered per article: enough for any honest file, a bound for others.
MAX_SPELLINGS, MAX_PRICES = 50, 500
MAX_OTHER_NAMES = 3


@dataclass(slots=True)
class _Article:
    line: int
    first_sold: datetime
    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    sold: bool = False


class ArticleLedger:
    """What the lines say about each article; memory grows with articles, not with lines."""

    def __init__(self) -> None:
        self._articles: dict[str, _Article] = {}

    def __len__(self) -> int:
        return len(self._articles)

    def add(self, line: RetailLine) -> None:
        """Learn from one line. Sales outweigh returns: once something was sold, returns say nothing more."""
        if line.kind != LineKind.ITEM:
            return
        article = self._articles.get(line.code)
        if article is None:
            article = self._articles[line.code] = _Article(line.line, line.placed_at)
        if line.is_sale and not article.sold:
            article.sold, article.first_sold = True, line.placed_at
            article.names.clear()
            article.prices.clear()
        elif article.sold and not line.is_sale:
            return
        article.first_sold = min(article.first_sold, line.placed_at)
        if line.description and (line.description in article.names or len(article.names) < MAX_SPELLINGS):
            article.names[line.description] += 1
        if line.price_minor in article.prices or len(article.prices) < MAX_PRICES:
            article.prices[line.price_minor] += 1

    def articles(self, *, currency: str, stock: int) -> Iterator[ArticleRecord]:
        """Yield the articles in the order of their first line.

        The name is the most frequent description, capital letters first, because that is how the catalogue is
        written and notes ("damaged?") are not. The price is the most frequent unit price, the higher one on a tie.
        What was only ever returned is kept for the sake of the orders, but not shown.
        """
        for code, article in self._articles.items():
            names = sorted(article.names, key=lambda name: (not name.isupper(), -article.names[name], name))
            name = names[0] if names else code
            yield ArticleRecord(
                line=article.line,
                sku=code,
                name=name,
                description=_other_names(names),
                price_minor=max(article.prices, key=lambda price: (article.prices[price], price)),
                currency=currency,
                category=category_from(name),
                tags=tags_from(name),
                attributes=attributes_from(name),
                stock=stock if article.sold else 0,
                is_active=article.sold,
                created_at=article.first_sold,
            )


def _other_names(names: list[str]) -> str:
    others = names[1 : 1 + MAX_OTHER_NAMES]
    return f"Also sold as {', '.join(others)}." if others else ""
