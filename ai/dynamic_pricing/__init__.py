"""Proposes prices within limits, and says why; docs/ai-pricing.md."""
