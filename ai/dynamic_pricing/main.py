"""``python -m dynamic_pricing.main``."""

from fastapi import FastAPI

from dynamic_pricing.model import PricingModel
from dynamic_pricing.routes import routes_build
from dynamic_pricing.settings import DynamicPricingSettings
from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.ai.settings import AiSettings
from meshop_shared.settings import load_settings

SERVICE = AiService(name="dynamic_pricing", loads=PricingModel.loads, routes=routes_build)


def create(settings: AiSettings) -> FastAPI:
    """The app of one replica."""
    return create_app(SERVICE, settings)


if __name__ == "__main__":
    serve(name=SERVICE.name, create=create, settings=load_settings(DynamicPricingSettings))
