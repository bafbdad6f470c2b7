"""What is encoded of a product."""

from apps.search.vectors.points import DESCRIPTION, point_text

DOCUMENT = {
    "name": "Copper  kettle", "brand": "Hob & Co", "category_names": ["Kitchen", "Kettles"], "tag_names": ["gift"],
    "description": "Boils\nwater. " + "x" * 5_000,
}  # fmt: skip


def test_the_text_has_what_describes_the_product_and_is_bounded():
    text = point_text(DOCUMENT)
    assert text.startswith("Copper kettle. Hob & Co. Kettles. gift. Boils water. xxx")
    assert len(text) <= DESCRIPTION + 45


def test_what_is_empty_leaves_nothing():
    bare = {"name": "Kettle", "brand": "", "category_names": [], "tag_names": [], "description": ""}
    assert point_text(bare) == "Kettle"
