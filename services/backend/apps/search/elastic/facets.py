"""Facets in Elasticsearch: each counts under all filters but its own, so that a choice can be changed."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from apps.search.documents import attribute_value
from apps.search.facets import MAX_VALUES, PRICE_STEPS, RATINGS, FacetCounts, facets_shape

_MAX_TOKENS = 500


def facet_aggregations(clauses: dict[str, Any]) -> dict[str, Any]:
    """Aggregations for the filters that are set, by name."""
    counted: dict[str, dict[str, Any]] = {
        "category": {"terms": {"field": "category_ids", "size": MAX_VALUES}},
        "brand": {"terms": {"field": "brand", "size": MAX_VALUES}},
        "price": {"range": {"field": "price_minor", "ranges": _ranges()}},
        "rating": {
            "range": {"field": "rating", "ranges": [{"key": str(stars), "from": stars} for stars in RATINGS]}
        },
        "in_stock": {"terms": {"field": "in_stock"}},
    }
    aggregations = {name: _under(clauses, name, body) for name, body in counted.items()}
    tokens = {"terms": {"field": "attributes", "size": _MAX_TOKENS}}
    aggregations["attributes"] = _under(clauses, "", tokens)
    for name in clauses:
        if name.startswith("attr."):
            aggregations[name] = _under(clauses, name, tokens)
    return aggregations


def facets_read(aggregations: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's facets in the shape of the port."""
    counts = FacetCounts()
    buckets = {name: body["counted"]["buckets"] for name, body in aggregations.items()}
    counts.categories = {bucket["key"]: bucket["doc_count"] for bucket in buckets["category"]}
    counts.brands = {bucket["key"]: bucket["doc_count"] for bucket in buckets["brand"] if bucket["key"]}
    counts.prices = [
        bucket["doc_count"] for bucket in sorted(buckets["price"], key=lambda one: one.get("from", 0))
    ]
    counts.ratings = {int(bucket["key"]): bucket["doc_count"] for bucket in buckets["rating"]}
    counts.stock = {bool(bucket["key"]): bucket["doc_count"] for bucket in buckets["in_stock"]}
    own = {
        name.removeprefix("attr."): _by_name(found)
        for name, found in buckets.items()
        if name.startswith("attr.")
    }
    counts.attributes = _by_name(buckets["attributes"])
    for name, found in own.items():
        counts.attributes[name] = found.get(name, {})
    return facets_shape(counts)


def _under(clauses: dict[str, Any], own: str, body: dict[str, Any]) -> dict[str, Any]:
    others = [clause for name, clause in clauses.items() if name != own]
    return {"filter": {"bool": {"filter": others}}, "aggs": {"counted": body}}


def _ranges() -> list[dict[str, int]]:
    ends = [*PRICE_STEPS, None]
    return [
        {"from": start} | ({"to": end} if end is not None else {})
        for start, end in zip([0, *PRICE_STEPS], ends, strict=True)
    ]


def _by_name(buckets: list[Any]) -> dict[str, dict[Any, int]]:
    found: dict[str, dict[Any, int]] = defaultdict(dict)
    for bucket in buckets:
        name, value = attribute_value(bucket["key"])
        found[name][value] = bucket["doc_count"]
    return found
