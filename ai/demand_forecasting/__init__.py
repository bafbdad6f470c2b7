"""What will be sold of each article in the coming weeks, how surely, and why; docs/ai-forecasting.md."""
