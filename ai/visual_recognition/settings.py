"""Settings of the visual recognition service."""

from pydantic import Field, SecretStr

from meshop_shared.ai.settings import AiSettings


class VisualSettings(AiSettings):
    """Environment of one replica."""

    backend_url: str = Field(
        "",
        description="The shop, as `http://host:port`; its pictures are looked for there. Without it, none are.",
    )
    catalogue_poll_s: float = Field(10.0, gt=0, description="Seconds between looks at the shop's pictures.")
    encoder: str = Field(
        "",
        description="An image encoder in ONNX (CLIP, DINOv2 …), at any address that fsspec knows; its vectors join "
        "those of colour.",
    )
    qdrant_url: str = Field(
        "", description="Qdrant, as `http://host:6333`; without it, vectors are kept in memory."
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key of that Qdrant, if it asks for one.")
    image_max_bytes: int = Field(5_000_000, ge=1, description="Largest picture, bytes.")
    image_max_pixels: int = Field(24_000_000, ge=1, description="Largest picture, width × height.")
