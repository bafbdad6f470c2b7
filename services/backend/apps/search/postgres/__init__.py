"""Search in the shop's own database."""
