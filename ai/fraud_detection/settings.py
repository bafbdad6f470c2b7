"""Settings of the fraud service, beside those of every AI service."""

from pydantic import Field

from meshop_shared.ai.settings import AiSettings


class FraudDetectionSettings(AiSettings):
    """Environment of one replica; the table in docs/ai-fraud.md is checked against this class."""

    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Redis, where orders are counted.")
    cost_chargeback: float = Field(15.0, ge=0, description="Fee of a chargeback, beside the amount.")
    cost_review: float = Field(3.0, ge=0, description="What it costs when an analyst looks at an order.")
    cost_delay: float = Field(
        0.1, ge=0, le=1, description="Part of its amount that holding an honest order costs."
    )
