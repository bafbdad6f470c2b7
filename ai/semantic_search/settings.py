"""Settings of the semantic search."""

from pathlib import Path

from pydantic import Field

from meshop_shared.ai.settings import AiSettings


class SemanticSearchSettings(AiSettings):
    """Environment of one replica."""

    text_model: Path | None = Field(
        None,
        description="Folder of the exported MiniLM; without it, texts are compared by their letters only.",
    )
    catalogue_poll_s: float = Field(
        2.0, gt=0, description="Seconds between looks at the feature table of products."
    )
    encoder_threads: int = Field(1, ge=1, le=64, description="Threads of one encoding.")
