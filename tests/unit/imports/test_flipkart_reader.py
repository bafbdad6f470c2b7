import csv

import pytest

from apps.products.imports.errors import Unusable
from apps.products.imports.readers.flipkart import FlipkartReader
from apps.products.imports.source import Source

COLUMNS = (
    "uniq_id", "product_name", "product_category_tree", "pid", "retail_price", "discounted_price", "description",
    "brand", "product_specifications",
)  # fmt: skip
SPECIFICATIONS = (
    '{"product_specification"=>[{"key"=>"Color", "value"=>"Red"}, {"value"=>"no key"}, '
    '{"key"=>"Pack of", "value"=>"2"}]}'
)


def read(tmp_path, **changes):
    values = {
        "product_name": "Sathiyas Cotton Bath Towel",
        "product_category_tree": '["Baby Care >> Bath Towels >> Sathiyas Bath Towels >> Sathiyas Cotton Bath To..."]',
        "pid": "BTW1", "retail_price": "600.0", "discounted_price": "449.0", "description": "Soft",
        "brand": "Sathiyas", "product_specifications": SPECIFICATIONS,
    } | changes  # fmt: skip
    path = tmp_path / "flipkart.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerow([values.get(column, "") for column in COLUMNS])
    source = Source(path)
    return FlipkartReader(source, currency="INR", default_stock=5).article(next(source.records()))


def test_a_product(tmp_path):
    article = read(tmp_path)
    assert (article.sku, article.name, article.brand) == ("BTW1", "Sathiyas Cotton Bath Towel", "Sathiyas")
    assert (article.price_minor, article.currency, article.stock) == (44_900, "INR", 5)
    assert article.category == ("Baby Care", "Bath Towels")
    assert article.attributes == {"color": "Red", "pack_of": "2"}


def test_the_full_price_stands_in_for_a_missing_discount(tmp_path):
    assert read(tmp_path, discounted_price="").price_minor == 60_000
    with pytest.raises(Unusable, match="no_price"):
        read(tmp_path, discounted_price="", retail_price="")


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ('["Baby Care"]', ("Baby Care",)),
        ("not json at all", ("not json at all",)),
        ('["A >> B >> C >> D >> E >> F"]', ("A", "B", "C", "D")),
        ("", ()),
    ],
)
def test_category_trees(tmp_path, tree, path):
    assert read(tmp_path, product_category_tree=tree).category == path


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("", {}),
        ('{"product_specification"=>nil}', {}),
        ('{"product_specification"=>{"key"=>"Type", "value"=>"Watch"}}', {"type": "Watch"}),
    ],
)
def test_specifications(tmp_path, text, attributes):
    assert read(tmp_path, product_specifications=text).attributes == attributes


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"product_specification"=>5}', '{"product_specification"=>[5]}', '{"other"=>[]}']
)
def test_broken_specifications_reject_the_line(tmp_path, text):
    with pytest.raises(Unusable, match="bad_attributes"):
        read(tmp_path, product_specifications=text)
