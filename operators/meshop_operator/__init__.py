"""Meshop's operator: CatalogReindex and ModelRollout; docs/operator.md."""
