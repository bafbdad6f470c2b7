"""The process's connection to Qdrant: a server, or qdrant-client's own store in a folder. Errors leave here as ours.

The folder belongs to whoever has it open, so it is opened for one piece of work and closed again: worker and commands
take turns. A server needs no such thing.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from apps.search.errors import EngineRefused, EngineUnavailable

TIMEOUT_S = 60
#: How long to wait for another process to close the folder.
FOLDER_WAIT_S = 20.0
_BUSY = (404, 408, 429)


class QdrantAccess:
    """Clients of one Qdrant."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self._address, self._api_key = urlsplit(url), api_key
        self._lock = threading.RLock()
        self._client: QdrantClient | None = None
        self._depth = 0

    @property
    def is_local(self) -> bool:
        """Whether only one process at a time may use it."""
        return self._address.scheme == "file"

    @contextmanager
    def opened(self) -> Iterator[QdrantClient]:
        """A client for a piece of work. May be nested. Raises ``EngineUnavailable`` and ``EngineRefused``."""
        with errors_translated():
            if not self.is_local:
                yield self._server()
                return
            with self._lock:
                self._client = self._client or self._folder()
                self._depth += 1
                try:
                    yield self._client
                finally:
                    self._depth -= 1
                    if not self._depth:
                        self._client.close()
                        self._client = None

    def _server(self) -> QdrantClient:
        if self._client is None:
            self._client = QdrantClient(
                url=self._address.geturl(),
                api_key=self._api_key,
                timeout=TIMEOUT_S,
                check_compatibility=False,
            )
        return self._client

    def _folder(self) -> QdrantClient:
        deadline = time.monotonic() + FOLDER_WAIT_S
        while True:
            try:
                return QdrantClient(path=self._address.path)
            except RuntimeError as error:
                if "already accessed" not in str(error) or time.monotonic() > deadline:
                    raise EngineUnavailable(extra={"reason": str(error)[:200]}) from error
                time.sleep(0.05)


def qdrant_access() -> QdrantAccess:
    """The deployment's Qdrant; ``QDRANT_URL`` must be set."""
    key = settings.MESHOP.qdrant_api_key
    return _access(settings.MESHOP.qdrant_url, key.get_secret_value() if key else None)


@cache
def _access(url: str, api_key: str | None) -> QdrantAccess:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return QdrantAccess(url, api_key)


@contextmanager
def errors_translated() -> Iterator[None]:
    """Raise :class:`EngineUnavailable` for what a healthy Qdrant would not do, :class:`EngineRefused` for the rest."""
    try:
        yield
    except ResponseHandlingException as error:
        raise EngineUnavailable(extra={"reason": str(error.source)[:200]}) from error
    except UnexpectedResponse as error:
        status = error.status_code or 500
        kind = EngineUnavailable if status >= 500 or status in _BUSY else EngineRefused
        raise kind(extra={"reason": str(error)[:200], "status": status}) from error
    except ApiException as error:
        raise EngineUnavailable(extra={"reason": str(error)[:200]}) from error
    except ValueError as error:  # how the folder says what a server says by status
        status = 404 if "not found" in str(error) else 400
        kind = EngineUnavailable if status == 404 else EngineRefused
        raise kind(extra={"reason": str(error)[:200], "status": status}) from error
