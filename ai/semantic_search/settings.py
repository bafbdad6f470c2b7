"""Settings of the semantic search."""

from pathlib import Path

from pydantic import Field, SecretStr

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
    qdrant_url: str = Field(
        "",
        description="Qdrant, as `http://host:6333`, whose collection the shop fills with the same encoder; without it, "
        "vectors are kept in memory.",
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key of that Qdrant, if it asks for one.")
    qdrant_collection: str = Field("products-text", description="Alias of the shop's collection there.")
    encoder_threads: int = Field(1, ge=1, le=64, description="Threads of one encoding.")
