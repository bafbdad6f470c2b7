"""WSGI entry point of the backend."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from meshop_shared.tracing import tracing_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
tracing_start(
    service="backend", settings=settings.MESHOP, libraries=("psycopg", "redis", "requests", "httpx")
)
application = get_wsgi_application()
