"""Texts as vectors: a port, MiniLM behind it, and a fallback that needs no weights."""
