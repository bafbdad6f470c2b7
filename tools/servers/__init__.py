"""Servers that are started from packages: one module each, the same for the local stack and for tests."""
