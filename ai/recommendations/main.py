"""``python -m recommendations.main``."""

from fastapi import FastAPI

from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.ai.settings import AiSettings
from meshop_shared.settings import load_settings
from recommendations.model import Recommender
from recommendations.routes import routes_build
from recommendations.settings import RecommendationsSettings

SERVICE = AiService(name="recommendations", loads=Recommender.loads, routes=routes_build)


def create(settings: AiSettings) -> FastAPI:
    """The app of one replica."""
    return create_app(SERVICE, settings)


if __name__ == "__main__":
    serve(name=SERVICE.name, create=create, settings=load_settings(RecommendationsSettings))
