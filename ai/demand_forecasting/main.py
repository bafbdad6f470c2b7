"""``python -m demand_forecasting.main``."""

from fastapi import FastAPI

from demand_forecasting.model import Forecaster
from demand_forecasting.routes import routes_build
from demand_forecasting.settings import DemandForecastingSettings
from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.ai.settings import AiSettings
from meshop_shared.settings import load_settings

SERVICE = AiService(name="demand_forecasting", loads=Forecaster.loads, routes=routes_build)


def create(settings: AiSettings) -> FastAPI:
    """The app of one replica."""
    return create_app(SERVICE, settings)


if __name__ == "__main__":
    serve(name=SERVICE.name, create=create, settings=load_settings(DemandForecastingSettings))
