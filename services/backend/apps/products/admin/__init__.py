"""Admin pages of the catalogue. What they write goes through services, like everything else."""

from apps.products.admin import community, products, taxonomy

__all__ = ["community", "products", "taxonomy"]
