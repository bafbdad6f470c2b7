"""Settings of the recommendations service: none of its own beside those of every AI service."""

from meshop_shared.ai.settings import AiSettings


class RecommendationsSettings(AiSettings):
    """Environment of one replica."""
