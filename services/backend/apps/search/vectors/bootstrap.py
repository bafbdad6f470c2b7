"""Where vectors are written, by the settings. Not part of :mod:`apps.search.stores`, which web processes import."""

from apps.search.vectors.client import qdrant_access
from apps.search.vectors.collections import VectorCollections


def vector_collections() -> VectorCollections:
    """The collections of this deployment's Qdrant."""
    return VectorCollections(qdrant_access())
