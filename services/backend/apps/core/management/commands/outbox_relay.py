"""``manage.py outbox_relay``: take events from the outbox to the broker until told to stop."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from prometheus_client import start_http_server

from apps.core.publisher import BrokerPublisher
from apps.core.relay import Relay
from config.celery import app
from meshop_shared.tracing import tracing_start, tracing_stop


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT, then finishes the batch at work and ends with 0. Several may run at a time."""

    help = "Publish events from the outbox to the broker."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the relay."""
        relay = Relay(BrokerPublisher(app))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        if settings.MESHOP.metrics_port:
            start_http_server(settings.MESHOP.metrics_port)
        tracing_start(service="relay", settings=settings.MESHOP)
        relay.run()
        tracing_stop()
