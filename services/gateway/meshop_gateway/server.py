"""Uvicorn's server with the gateway's own HTTP protocol and an orderly end."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Iterator

import structlog
import uvicorn

from meshop_gateway.gateway import Gateway
from meshop_gateway.http1 import ClientConnection
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.worker import Worker
from meshop_shared.logging import configure_logging
from meshop_shared.tracing import tracing_start, tracing_stop

log = structlog.get_logger(__name__)


class Server(uvicorn.Server):
    """SIGTERM: readiness off, wait ``drain_delay_s``, accept no more, finish what runs, exit 0; SIGHUP: reload."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._worker: Worker | None = None
        super().__init__(
            uvicorn.Config(
                self._create,
                factory=True,
                interface="asgi3",
                loop="uvloop",
                http=ClientConnection,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=2048,
                timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_s)),
            )
        )

    def _create(self) -> Gateway:
        self._worker = Worker(self._settings)
        self._worker.watch_connections(self.server_state.connections)
        return self._worker.app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals in the event loop; uvicorn would raise them again, and not exit with 0."""
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGTERM: self._stop, signal.SIGINT: self._stop, signal.SIGHUP: self._reload}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._worker is None or self._worker.app.draining:
            self.should_exit = self.force_exit = True  # asked twice
            return
        self._worker.drain()
        asyncio.get_running_loop().call_later(self._settings.drain_delay_s, self._exit)

    def _exit(self) -> None:
        self.should_exit = True

    def _reload(self) -> None:
        if self._worker is not None:
            self._worker.reload()


def serve(settings: GatewaySettings, listener: socket.socket) -> None:
    """Serve on ``listener`` until told to stop."""
    configure_logging(service="gateway", level=settings.log_level)
    tracing_start(service="gateway", settings=settings, decides=False)
    # Requests make no reference cycles: what is alive now stays, and collections are rare and short.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    Server(settings).run(sockets=[listener])
    tracing_stop()
