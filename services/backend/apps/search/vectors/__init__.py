"""Vectors of product texts in Qdrant."""
