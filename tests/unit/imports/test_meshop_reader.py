import json

import pytest

from apps.products.imports.errors import SourceUnusable, Unusable
from apps.products.imports.readers.meshop import MeshopReader
from apps.products.imports.source import Source

HEADER = "sku,name,description,brand,category,tags,price,currency,stock,attributes\n"


def read_csv(tmp_path, row, header=HEADER):
    path = tmp_path / "own.csv"
    path.write_text(header + row + "\n")
    source = Source(path)
    return MeshopReader(source, currency="GBP", default_stock=7).article(next(source.records()))


def read_json(tmp_path, values):
    path = tmp_path / "own.jsonl"
    path.write_text('{"sku": "first"}\n' + (values if isinstance(values, str) else json.dumps(values)) + "\n")
    source = Source(path)
    return MeshopReader(source, currency="GBP", default_stock=7).article(list(source.records())[1])


def test_a_full_line(tmp_path):
    row = (
        'A-1,  Brass   lamp ,"Warm <b>light</b> & more",Lumio,Home > Lighting,"Brass, gift, brass",12.50,eur,3,'
        '"{""colour"": ""Gold"", ""watts"": 40}"'
    )
    article = read_csv(tmp_path, row)
    assert (article.line, article.sku, article.name) == (2, "A-1", "Brass lamp")
    assert article.description == "Warm light & more"
    assert (article.brand, article.category, article.tags) == (
        "Lumio",
        ("Home", "Lighting"),
        ("brass", "gift"),
    )
    assert (article.price_minor, article.currency, article.stock) == (1250, "EUR", 3)
    assert article.attributes == {"colour": "Gold", "watts": 40}
    assert article.variants is None


def test_absent_columns_say_nothing_and_empty_cells_say_empty(tmp_path):
    short = read_csv(tmp_path, "A,Lamp,1", header="sku,name,price\n")
    assert (short.description, short.brand, short.category, short.tags, short.attributes) == (None,) * 5
    assert (short.currency, short.stock) == ("GBP", 7)
    empty = read_csv(tmp_path, "A,Lamp,,,,,1,,,")
    assert (empty.description, empty.brand, empty.category, empty.tags) == ("", "", (), ())
    assert (empty.attributes, empty.currency, empty.stock) == ({}, "GBP", 7)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Lamp,,,,,1,,,", "missing_sku"),
        ("A\tB,Lamp,,,,,1,,,", "bad_sku"),
        ("A" * 65 + ",Lamp,,,,,1,,,", "bad_sku"),
        ("A,,,,,,1,,,", "missing_name"),
        ("A,<b></b>,,,,,1,,,", "missing_name"),
        ("A," + "x" * 201 + ",,,,,1,,,", "too_long"),
        ("A,Lamp,,,,,,,,", "bad_price"),
        ("A,Lamp,,,,,-1,,,", "bad_price"),
        ("A,Lamp,,,,,1.234,,,", "bad_price"),
        ("A,Lamp,,,,,NaN,,,", "bad_price"),
        ("A,Lamp,,,,,1e400,,,", "bad_price"),
        ("A,Lamp,,,,,£5,,,", "bad_price"),
        ('A,Lamp,,,,,"1,000",,,', "bad_price"),
        ("A,Lamp,,,,,1,XXQ,,", "bad_currency"),
        ("A,Lamp,,,,,1.5,JPY,,", "bad_price"),
        ("A,Lamp,,,,,1,,1.5,", "bad_stock"),
        ("A,Lamp,,,,,1,,-1,", "bad_stock"),
        ("A,Lamp,,,,,1,,٣,", "bad_stock"),
        ("A,Lamp,,,,,1,,99999999999,", "bad_stock"),
        ("A,Lamp,,,,,1,,,[1]", "bad_attributes"),
        ("A,Lamp,,,,,1,,,{", "bad_attributes"),
        ('A,Lamp,,,,,1,,,"{""a"": {""b"": 1}}"', "bad_attributes"),
        ('A,Lamp,,,,,1,,,"{""a"": NaN}"', "bad_attributes"),
        ("A,Lamp,,," + ">".join("abcdefghi") + ",,1,,,", "too_long"),
        ("A,Lamp,,,," + "t" * 61 + ",1,,,", "too_long"),
    ],
)
def test_what_cannot_be_stored_is_rejected_with_a_reason(tmp_path, row, reason):
    with pytest.raises(Unusable) as caught:
        read_csv(tmp_path, row)
    assert caught.value.reason == reason


def test_a_misspelt_column_stops_before_anything_is_imported(tmp_path):
    with pytest.raises(SourceUnusable, match="unknown columns: prize"):
        read_csv(tmp_path, "A,Lamp,1,2", header="sku,name,price,prize\n")
    with pytest.raises(SourceUnusable, match="a column twice"):
        read_csv(tmp_path, "A,Lamp,1,2", header="sku,name,price,price\n")


def test_json_with_variants(tmp_path):
    article = read_json(
        tmp_path,
        {
            "sku": "T", "name": "T-shirt", "price": 20, "category": ["Clothing", "Men"], "tags": ["Cotton"],
            "attributes": {"fair": True, "weight": 0.2},
            "variants": [
                {"sku": "T-S", "name": "S", "attributes": {"size": "S"}, "stock": 0},
                {"sku": "T-L", "name": "L", "price": "22.50"},
            ],
        },
    )  # fmt: skip
    assert (article.price_minor, article.category, article.tags) == (2000, ("Clothing", "Men"), ("Cotton",))
    assert article.attributes == {"fair": True, "weight": 0.2}
    small, large = article.variants
    assert (small.sku, small.price_minor, small.stock, small.attributes) == ("T-S", None, 0, {"size": "S"})
    assert (large.sku, large.price_minor, large.stock) == ("T-L", 2250, 7)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("not json", "bad_json"),
        ("[1, 2]", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ({"sku": "A", "name": "x", "price": "1", "prize": 1}, "unknown_key"),
        ({"sku": ["A"], "name": "x", "price": "1"}, "missing_sku"),
        ({"sku": "A", "name": {"en": "x"}, "price": "1"}, "bad_name"),
        ({"sku": "A", "name": "x", "price": True}, "bad_price"),
        ({"sku": "A", "name": "x", "price": [1]}, "bad_price"),
        ({"sku": "A", "name": "x", "price": "1", "stock": 1.5}, "bad_stock"),
        ({"sku": "A", "name": "x", "price": "1", "stock": True}, "bad_stock"),
        ({"sku": "A", "name": "x\0y", "price": "1"}, "null_byte"),
        ({"sku": "A", "name": "\ud800", "price": "1"}, "not_utf8"),
        ({"sku": "A\ud800", "name": "x", "price": "1"}, "bad_sku"),
        ({"sku": "A", "name": "x", "price": "1", "attributes": {"\ud800": "x"}}, "not_utf8"),
        ({"sku": "A", "name": "x", "price": "1", "variants": {"sku": "B"}}, "bad_variants"),
        ({"sku": "A", "name": "x", "price": "1", "variants": ["B"]}, "bad_variants"),
        (
            {"sku": "A", "name": "x", "price": "1", "variants": [{"sku": "B", "name": "b", "colour": 1}]},
            "bad_variants",
        ),
        (
            {"sku": "A", "name": "x", "price": "1", "variants": [{"sku": "B", "name": "b"}] * 2},
            "bad_variants",
        ),
        ({"sku": "A", "name": "x", "price": "1", "attributes": {"a": 10**40}}, "bad_attributes"),
    ],
)
def test_json_that_cannot_be_stored_is_rejected_with_a_reason(tmp_path, values, reason):
    with pytest.raises(Unusable) as caught:
        read_json(tmp_path, values)
    assert caught.value.reason == reason


def test_prices_of_json_are_exact(tmp_path):
    line = '{"sku": "A", "name": "x", "price": 0.1}'
    assert read_json(tmp_path, line).price_minor == 10
    with pytest.raises(Unusable, match="bad_price"):
        read_json(tmp_path, '{"sku": "A", "name": "x", "price": 0.10000000000000001}')
