import gzip
from pathlib import Path

import pytest

from apps.products.imports import source as source_module
from apps.products.imports.errors import SourceUnusable
from apps.products.imports.source import Format, Source

OWN = "sku,name,price\nA-1,Lamp,9.99\n"
RETAIL = '"Invoice","StockCode","Description","Quantity","InvoiceDate","Price","Customer ID","Country"\n'
FLIPKART = "uniq_id,pid,product_name,product_category_tree,product_specifications\n"


def write(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (OWN, Format.MESHOP_CSV),
        ('{"sku": "A-1", "name": "Lamp", "price": "9.99"}\n', Format.MESHOP_JSONL),
        ('\n\n{"sku": "A-1"}\n', Format.MESHOP_JSONL),
        ('{"sku": "A-1", broken\n', Format.MESHOP_JSONL),
        (RETAIL, Format.ONLINE_RETAIL),
        (FLIPKART, Format.FLIPKART),
    ],
)
def test_the_format_is_recognised_by_the_first_line(tmp_path, content, expected):
    assert Source(write(tmp_path, content)).format == expected


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path):
    assert Source(write(tmp_path, b"\xef\xbb\xbf" + OWN.encode())).columns == ["sku", "name", "price"]


def test_gzip_is_read_whatever_the_name_says(tmp_path):
    source = Source(write(tmp_path, gzip.compress(OWN.encode()), "plain.csv"))
    assert [record.cells for record in source.records()] == [["A-1", "Lamp", "9.99"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no format that this import knows"),
        ("a,b,c\n1,2,3\n", "no format that this import knows"),
        (b"PK\x03\x04\x00\x00" + bytes(range(256)), "no format that this import knows"),
        ('{"title": "no sku"}\n', "no format that this import knows"),
        (gzip.compress(OWN.encode() * 5_000, mtime=0)[:40], "is damaged"),
        (b"\x1f\x8bnot gzip at all", "is damaged"),
    ],
)
def test_an_unusable_file_is_refused_with_one_sentence(tmp_path, content, sentence):
    with pytest.raises(SourceUnusable) as caught:
        Source(write(tmp_path, content))
    assert sentence in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(SourceUnusable, match="There is no file"):
            Source(path)


def test_another_format_than_the_one_wanted_is_refused(tmp_path):
    with pytest.raises(SourceUnusable, match="looks like meshop, not like flipkart"):
        Source(write(tmp_path, OWN), wanted="flipkart")
    assert Source(write(tmp_path, OWN), wanted="meshop").format == Format.MESHOP_CSV


def test_damage_in_the_middle_is_noticed_after_the_lines_before_it(tmp_path):
    rows = "".join(f"S{number},Lamp {number * 7919},1.{number % 100:02d}\n" for number in range(20_000))
    packed = gzip.compress(("sku,name,price\n" + rows).encode())
    source = Source(write(tmp_path, packed[: len(packed) // 2], "cut.csv.gz"))
    read = []
    with pytest.raises(SourceUnusable, match="is damaged"):
        read.extend(source.records())
    assert 1_000 < len(read) < 20_000


def test_lines_are_numbered_as_an_editor_does(tmp_path):
    content = 'sku,name,price\n\nA,"two\nlines",1\nB,Lamp,2\n'
    records = list(Source(write(tmp_path, content)).records())
    assert [(record.line, record.cells[0]) for record in records] == [(3, "A"), (5, "B")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"A,Lamp", "wrong_number_of_columns"),
        (b"A,Lamp,1,2", "wrong_number_of_columns"),
        (b"A,L\xe4mp,1", "not_utf8"),
        (b"A,La\x00mp,1", "null_byte"),
        (b'A,"' + b"x" * 200_000 + b'",1', "malformed_csv"),
        (b"A," + b"x" * 2_000_000 + b",1", "line_too_long"),
    ],
)
def test_an_unreadable_line_spoils_only_itself(tmp_path, line, problem):
    source = Source(write(tmp_path, b"sku,name,price\n" + line + b"\nB,Lamp,2\n"))
    records = [(record.line, record.problem) for record in source.records()]
    assert records == [(2, problem), (3, "")]


def test_a_json_line_without_an_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "MAX_LINE", 100)
    content = '{"sku": "A"}\n{"sku": "' + "x" * 1_000 + '"}\n{"sku": "B"}\n'
    records = [(record.line, record.problem) for record in Source(write(tmp_path, content)).records()]
    assert records == [(1, ""), (2, "line_too_long"), (3, "")]


def test_the_digest_is_that_of_the_bytes(tmp_path):
    first, second = write(tmp_path, OWN, "a.csv"), write(tmp_path, OWN, "b.csv")
    assert Source(first).digest() == Source(second).digest()
    assert Source(write(tmp_path, OWN + "B,Lamp,2\n", "b.csv")).digest() != Source(first).digest()
