"""What Qdrant holds of a product, made from the document that Elasticsearch gets: a text to encode, facts to filter."""

from typing import Any

from apps.search.documents import Document, checksum

#: Characters of the description that take part: what a product is stands at its beginning; encoding costs by length.
DESCRIPTION = 300
#: Facts of the document that searches by vector filter by.
FACTS = (
    "is_active", "in_stock", "category_ids", "tag_ids", "brand", "price_minor", "rating", "review_count", "attributes",
)  # fmt: skip
VERSION, GONE = "version", "gone_at"


def point_text(document: Document) -> str:
    """What is encoded: name, brand, the category's own name, tags, and the beginning of the description."""
    parts = [
        document["name"],
        document["brand"],
        *document["category_names"][-1:],
        *document["tag_names"],
        document["description"][:DESCRIPTION],
    ]
    return ". ".join(" ".join(part.split()) for part in parts if part)


def point_facts(document: Document) -> dict[str, Any]:
    """The payload, without its version."""
    return {name: document[name] for name in FACTS}


def point_fingerprint(document: Document) -> str:
    """Equal for documents whose points are equal, the vector aside."""
    return facts_fingerprint(point_facts(document))


def facts_fingerprint(payload: dict[str, Any]) -> str:
    """The same of a stored payload."""
    return checksum({name: payload.get(name) for name in FACTS})
