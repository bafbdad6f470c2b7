"""Settings of demand forecasting: none of its own."""

from meshop_shared.ai.settings import AiSettings


class DemandForecastingSettings(AiSettings):
    """Environment of one replica."""
