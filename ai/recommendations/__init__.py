"""Recommendations: for you, similar, bought together, cart; see docs/ai-recommendations.md."""
