"""Whatever stands in a line, a reader gives an article or a reason: one line never ends an import."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.products.imports.errors import Unusable
from apps.products.imports.readers.flipkart import FlipkartReader
from apps.products.imports.readers.meshop import CSV_COLUMNS, JSON_KEYS, MeshopReader
from apps.products.imports.records import ArticleRecord
from apps.products.imports.retail.lines import RetailLine, RetailReader
from apps.products.imports.source import RawRecord

FLIPKART = (
    "product_name",
    "product_category_tree",
    "pid",
    "retail_price",
    "discounted_price",
    "product_specifications",
)
RETAIL = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
CELL = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.sampled_from(
        ["A-1", "1", "-1", "9.99", "GBP", "{}", '{"a": 1}', "a > b", "x,y", "2009-12-01", "NaN", "1e999"]
    ),
    st.integers().map(str),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | CELL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELL, inner, max_size=3),
    max_leaves=8,
)


def source(columns: tuple[str, ...]) -> SimpleNamespace:
    return SimpleNamespace(columns=list(columns), path=Path("file"))


def storable(article: ArticleRecord) -> bool:
    texts = [article.sku, article.name, article.description or "", article.brand or ""]
    texts += [
        *(article.category or ()),
        *(article.tags or ()),
        json.dumps(article.attributes, allow_nan=False),
    ]
    return (
        all("\0" not in text and text.encode() is not None for text in texts)
        and 0 < len(article.sku) <= 64
        and 0 < len(article.name) <= 200
        and 0 <= article.price_minor < 2**63
        and 0 <= article.stock < 2**63
    )


def answers(read, record) -> bool:
    try:
        article = read(record)
    except Unusable as error:
        return bool(error.reason)
    return isinstance(article, RetailLine) or storable(article)


@pytest.mark.parametrize(("reader", "columns"), [(MeshopReader, CSV_COLUMNS), (FlipkartReader, FLIPKART)])
@given(data=st.data())
def test_a_line_of_articles(reader, columns, data):
    cells = data.draw(st.lists(CELL, min_size=len(columns), max_size=len(columns)))
    assert answers(reader(source(columns), currency="GBP", default_stock=1).article, RawRecord(2, cells))


@given(cells=st.lists(CELL, min_size=len(RETAIL), max_size=len(RETAIL)))
def test_a_line_of_an_invoice(cells):
    assert answers(RetailReader(source(RETAIL), currency="GBP", with_orders=True).line, RawRecord(2, cells))


@given(values=st.dictionaries(st.sampled_from(sorted(JSON_KEYS)), JSON))
def test_a_line_of_json(values):
    line = json.dumps({"sku": "A", "name": "Lamp", "price": "1"} | values)
    assert answers(MeshopReader(source(()), currency="GBP", default_stock=1).article, RawRecord(2, [line]))


@given(text=CELL)
def test_specifications_of_any_shape(text):
    cells = dict.fromkeys(FLIPKART, "1") | {"product_specifications": f'{{"product_specification"=>{text}}}'}
    assert answers(
        FlipkartReader(source(FLIPKART), currency="INR", default_stock=1).article,
        RawRecord(2, list(cells.values())),
    )
