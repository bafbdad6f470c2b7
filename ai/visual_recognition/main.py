"""``python -m visual_recognition.main``."""

from functools import partial
from typing import cast

import cv2
import httpx
from fastapi import FastAPI
from qdrant_client import QdrantClient

from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.ai.settings import AiSettings
from meshop_shared.settings import load_settings
from visual_recognition.catalogue import Catalogue
from visual_recognition.encoder import Describer, describer_load
from visual_recognition.index import MemoryIndex, PictureIndex
from visual_recognition.model import VisualModel
from visual_recognition.pictures import Limits
from visual_recognition.qdrant_index import QdrantIndex
from visual_recognition.routes import Eye, routes_build
from visual_recognition.settings import VisualSettings

NAME = "visual_recognition"


def create(settings: AiSettings) -> FastAPI:
    """The app of one replica; common settings alone mean the defaults of its own."""
    cv2.setNumThreads(1)  # two pictures at a time are enough for a small machine
    own = VisualSettings.model_validate(settings.model_dump())
    describer = describer_load(own.encoder)
    index = index_of(own, describer)
    limits = Limits(max_bytes=own.image_max_bytes, max_pixels=own.image_max_pixels)
    catalogue = None
    if own.backend_url:
        client = httpx.Client(base_url=own.backend_url)
        catalogue = Catalogue(
            client=client, index=index, describer=describer, limits=limits, poll_s=own.catalogue_poll_s
        )
    eye = Eye(index=index, describer=describer, limits=limits, catalogue=catalogue)
    service = AiService(name=NAME, loads=VisualModel.loads, routes=partial(routes_build, eye=eye))
    return create_app(service, settings)


def index_of(settings: VisualSettings, describer: Describer) -> PictureIndex:
    """Qdrant where it is configured, else this process's memory."""
    if not settings.qdrant_url:
        return MemoryIndex()
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    client = QdrantClient(url=settings.qdrant_url, api_key=key, timeout=5)
    return QdrantIndex(client, descriptor=describer.name, size=describer.size)


if __name__ == "__main__":
    serve(name=NAME, create=create, settings=cast(AiSettings, load_settings(VisualSettings)))
