"""Settings of the pricing service: none of its own beside those of every AI service."""

from meshop_shared.ai.settings import AiSettings


class DynamicPricingSettings(AiSettings):
    """Environment of one replica."""
