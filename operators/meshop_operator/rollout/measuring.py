"""Looking at metrics: Prometheus, a URL, or the end of a Job."""

import asyncio
from typing import Any

import aiohttp
import orjson

from meshop_operator.rollout.analysis import Look
from meshop_operator.rollout.manifests import canary_name
from meshop_operator.values import Document

#: What stands for the name of a Deployment in queries and URLs.
WORKLOAD = "WORKLOAD"
_BODY_MAX = 1_000_000


class Unmeasured(Exception):
    """No answer, or one that is none."""


class Meter:
    """Asks for numbers; every question has a deadline, and a failure is a look with an error, never an exception."""

    def __init__(self, *, prometheus_url: str, timeout_s: float) -> None:
        self._prometheus_url = prometheus_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def look(self, metric: Document, service: str) -> Look:
        """One look at a metric of Prometheus or of a URL."""
        tracks = {"canary": canary_name(service)}
        if metric.get("against", "Absolute") != "Absolute":
            tracks["stable"] = service
        try:
            found = await asyncio.gather(*(self._track(metric, name) for name in tracks.values()))
        except Unmeasured as error:
            return Look(error=str(error)[:300])
        values = dict(zip(tracks, found, strict=True))
        samples = [count for _, count in values.values() if count is not None]
        return Look(
            value=values["canary"][0],
            stable=values["stable"][0] if "stable" in values else None,
            samples=min(samples) if samples else None,
        )

    async def close(self) -> None:
        """Give connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _track(self, metric: Document, workload: str) -> tuple[float | None, float | None]:
        """Number and samples of one Deployment."""
        if "http" in metric:
            found = await self._json(metric["http"]["url"].replace(WORKLOAD, workload), {})
            return _number(found.get("value")), _number(found.get("samples"))
        query = metric["prometheus"]
        address = (query.get("address") or self._prometheus_url).rstrip("/")
        if not address:
            raise Unmeasured("no address of Prometheus is known: set prometheus.address, or PROMETHEUS_URL")
        value = await self._query(address, query["query"].replace(WORKLOAD, workload))
        if "samples" not in query:
            return value, None
        return value, await self._query(address, query["samples"].replace(WORKLOAD, workload)) or 0.0

    async def _query(self, address: str, query: str) -> float | None:
        """The one number that an instant query gives; ``None`` for an empty answer."""
        found = await self._json(f"{address}/api/v1/query", {"query": query})
        if found.get("status") != "success":
            raise Unmeasured(f"Prometheus said {found.get('error', 'nothing')}")
        data = found.get("data", {})
        result = data.get("result", [])
        if data.get("resultType") == "scalar":
            return _number(result[1])
        if len(result) > 1:
            raise Unmeasured(f"the query gives {len(result)} numbers, not one")
        return _number(result[0]["value"][1]) if result else None

    async def _json(self, url: str, params: dict[str, str]) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.get(url, params=params) as answer:
                text = await answer.content.read(_BODY_MAX)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unmeasured(f"{url.partition('?')[0]}: {type(error).__name__} {error}") from error
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Unmeasured(f"{url.partition('?')[0]} answered {status} and no JSON") from error
        if status >= 400 or not isinstance(found, dict):
            raise Unmeasured(f"{url.partition('?')[0]} answered {status}")
        return found


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise Unmeasured(f"{str(value)[:40]!r} is no number") from error
