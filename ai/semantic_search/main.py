"""``python -m semantic_search.main``."""

from functools import partial
from typing import cast

from fastapi import FastAPI
from qdrant_client import QdrantClient

from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.ai.settings import AiSettings
from meshop_shared.embeddings.port import text_encoder
from meshop_shared.settings import load_settings
from semantic_search.catalogue import Catalogue
from semantic_search.model import weights_load
from semantic_search.nearest import Nearest, QdrantNearest
from semantic_search.routes import routes_build
from semantic_search.settings import SemanticSearchSettings

NAME = "semantic_search"
_QDRANT_TIMEOUT_S = 1


def create(settings: AiSettings) -> FastAPI:
    """The app of one replica; common settings alone mean the defaults of its own."""
    own = SemanticSearchSettings.model_validate(settings.model_dump())
    encoder = text_encoder(own.text_model, threads=own.encoder_threads)
    catalogue = Catalogue(
        database_url=own.ai_database_url.get_secret_value(), encoder=encoder, has_vectors=not own.qdrant_url
    )
    routes = partial(
        routes_build,
        catalogue=catalogue,
        nearest=nearest_of(own) or catalogue,
        encoder=encoder,
        poll_s=own.catalogue_poll_s,
    )
    return create_app(AiService(name=NAME, loads=weights_load, routes=routes), settings)


def nearest_of(settings: SemanticSearchSettings) -> Nearest | None:
    """Qdrant where it is configured."""
    if not settings.qdrant_url:
        return None
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    client = QdrantClient(
        url=settings.qdrant_url, api_key=key, timeout=_QDRANT_TIMEOUT_S, check_compatibility=False
    )
    return QdrantNearest(client, collection=settings.qdrant_collection)


if __name__ == "__main__":
    serve(name=NAME, create=create, settings=cast(AiSettings, load_settings(SemanticSearchSettings)))
