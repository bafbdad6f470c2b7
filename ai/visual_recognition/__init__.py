"""Finds products by their pictures; docs/ai-visual.md."""
