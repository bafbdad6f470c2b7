"""Writing carts and orders."""
