"""The API server as plain data: five verbs, a deadline for each, and errors by their meaning."""

from collections.abc import Callable
from typing import Any

import aiohttp
import kopf
import orjson

from meshop_operator.kinds import POD, Kind
from meshop_operator.values import Document

_TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=3)
_MERGE = "application/merge-patch+json"
_UNAUTHORIZED, _CONFLICT, _NOT_FOUND, _FORBIDDEN = 401, 409, 404, 403


class ApiError(Exception):
    """The API server said no, or nothing (status 0)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message


class Changed(ApiError):
    """Somebody changed the object meanwhile: look again."""


class AlreadyThere(ApiError):
    """An object of this name is there."""


class NamespaceGoes(ApiError):
    """Nothing can be made any more: the namespace is being deleted."""


class Api:
    """Talks to the API server of a namespace.

    ``guard`` is called before everything that writes, and raises when this process must not (any more). The token of
    a service account is read again when the server refuses it: the kubelet renews the file.
    """

    def __init__(
        self,
        *,
        login: Callable[[], kopf.ConnectionInfo],
        namespace: str,
        guard: Callable[[], None] | None = None,
    ) -> None:
        self.namespace = namespace
        self._login, self._guard = login, guard
        self._session: aiohttp.ClientSession | None = None
        self._server = ""

    async def get(self, kind: Kind, name: str) -> Document | None:
        """One object; ``None`` where there is none. Raises :class:`ApiError`."""
        try:
            return await self._ask("GET", self._path(kind, name))
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def list(self, kind: Kind, *, labels: str = "") -> list[Document]:
        """All of a kind that have these labels. Raises :class:`ApiError`."""
        found = await self._ask("GET", self._path(kind), params={"labelSelector": labels} if labels else {})
        return list(found["items"])

    async def create(self, kind: Kind, document: Document) -> Document:
        """Make an object. Raises :class:`AlreadyThere`, :class:`NamespaceGoes` and :class:`ApiError`."""
        self._check()
        body = {"apiVersion": kind.api_version, "kind": kind.name, **document}
        return await self._ask("POST", self._path(kind), body=body)

    async def patch(self, kind: Kind, name: str, change: Document) -> Document:
        """Merge a change into an object (RFC 7386). Raises :class:`Changed` if it names another resourceVersion."""
        self._check()
        return await self._ask("PATCH", self._path(kind, name), body=change, content_type=_MERGE)

    async def replace(self, kind: Kind, name: str, document: Document, *, status: bool = False) -> Document:
        """Write an object, or its status, whole. Raises :class:`Changed` when it is not the one that was read."""
        self._check()
        path = self._path(kind, name) + ("/status" if status else "")
        return await self._ask("PUT", path, body=document)

    async def delete(self, kind: Kind, name: str, *, uid: str = "") -> None:
        """Delete an object and what it owns, in the background; what is gone is gone."""
        self._check()
        body: Document = {"propagationPolicy": "Background"}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            await self._ask("DELETE", self._path(kind, name), body=body)
        except ApiError as error:
            if error.status not in (_NOT_FOUND, _CONFLICT):
                raise

    async def log_tail(self, pod: str, container: str, lines: int) -> str:
        """The last lines that a container wrote; empty where they cannot be had."""
        path = f"{self._path(POD, pod)}/log"
        try:
            return await self._text(path, {"container": container, "tailLines": str(lines)})
        except ApiError:
            return ""

    async def close(self) -> None:
        """Give connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _check(self) -> None:
        if self._guard is not None:
            self._guard()

    def _path(self, kind: Kind, name: str = "") -> str:
        return f"{kind.root}/namespaces/{self.namespace}/{kind.plural}" + (f"/{name}" if name else "")

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        text = await self._send(
            method, path, params=params, data=orjson.dumps(body) if body is not None else None,
            headers={"Content-Type": content_type, "Accept": "application/json"},
        )  # fmt: skip
        found: Document = orjson.loads(text)
        return found

    async def _text(self, path: str, params: dict[str, str]) -> str:
        return (await self._send("GET", path, params=params)).decode(errors="replace")

    async def _send(self, method: str, path: str, **options: Any) -> bytes:
        status, text = await self._try(method, path, **options)
        if status == _UNAUTHORIZED:
            await self.close()
            status, text = await self._try(method, path, **options)
        if status >= 400:
            raise _error(status, text)
        return text

    async def _try(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        session = self._connect()
        try:
            async with session.request(method, self._server + path, timeout=_TIMEOUT, **options) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(0, type(error).__name__, str(error)) from error

    def _connect(self) -> aiohttp.ClientSession:
        if self._session is None:
            connection = self._login()
            self._server = connection.server.rstrip("/")
            connector = aiohttp.TCPConnector(ssl=connection.as_ssl_context(), limit=32, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, headers=connection.as_http_headers())
        return self._session


def _error(status: int, text: bytes) -> ApiError:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = {}
    reason, message = (
        str(body.get("reason", "")),
        str(body.get("message", text[:200].decode(errors="replace"))),
    )
    if status == _CONFLICT:
        return (AlreadyThere if reason == "AlreadyExists" else Changed)(status, reason, message)
    causes = (body.get("details") or {}).get("causes") or []
    if status == _FORBIDDEN and any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return NamespaceGoes(status, reason, message)
    return ApiError(status, reason, message)
