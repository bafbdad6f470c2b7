"""Who moves the money: the port, and what stands behind it."""
