"""Scores orders for fraud, says why, and holds what a person should look at; docs/ai-fraud.md."""
