"""Running an AI service: one process, one event loop, an orderly end."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from meshop_shared.ai.settings import AiSettings
from meshop_shared.logging import configure_logging
from meshop_shared.tracing import tracing_start, tracing_stop

SettingsT = TypeVar("SettingsT", bound=AiSettings)


class Server(uvicorn.Server):
    """SIGTERM: readiness off, wait ``drain_delay_s``, accept no more, finish what runs, exit 0."""

    def __init__(self, app: FastAPI, settings: AiSettings) -> None:
        self._app, self._delay_s = app, settings.drain_delay_s
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_s)),
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals in the event loop; uvicorn would raise them again, and not exit with 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if getattr(self._app.state, "draining", False):
            self.should_exit = self.force_exit = True  # asked twice
            return
        self._app.state.draining = True
        asyncio.get_running_loop().call_later(self._delay_s, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


def serve(*, name: str, create: Callable[[SettingsT], FastAPI], settings: SettingsT) -> None:
    """Serve until told to stop."""
    configure_logging(service=name, level=settings.log_level)
    tracing_start(service=name, settings=settings, libraries=("psycopg", "redis", "httpx"))
    Server(create(settings), settings).run()
    tracing_stop()
