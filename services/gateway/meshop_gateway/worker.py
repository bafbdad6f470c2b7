"""One worker: everything wired, started, reloaded, drained and stopped."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI

import meshop_gateway
from meshop_gateway.auth import Authenticator
from meshop_gateway.cache import STAMP_PREFIX, AnswerCache
from meshop_gateway.clients import ClientAddresses
from meshop_gateway.compiled import CompiledTable, table_compile
from meshop_gateway.fetch import document_fetch
from meshop_gateway.flights import Watch
from meshop_gateway.gateway import Gateway
from meshop_gateway.guards import Guards
from meshop_gateway.http1 import WireLimits
from meshop_gateway.limits import Limiter
from meshop_gateway.openapi import MergedDocument
from meshop_gateway.pages import pages_app
from meshop_gateway.proxy import Proxy
from meshop_gateway.redis_link import RedisLink
from meshop_gateway.route_source import RouteSource, TableInvalid
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.telemetry import LAG, PLACES, REDIS_UP, RELOADS, Telemetry

log = structlog.get_logger(__name__)


class Worker:
    """The parts of one worker process. Build it inside the running event loop."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings, self._loop = settings, asyncio.get_running_loop()
        self._source = RouteSource(settings)
        self._table = table_compile(self._source.load(), previous=None, loop=self._loop)
        self._loaded_at, self._reload_error = time.time(), ""
        self._watch = Watch(self._loop)
        self._redis = RedisLink(settings.redis_url, prefixes=(STAMP_PREFIX,))
        self._telemetry = Telemetry(access_log=settings.access_log == "on")
        self._cache = AnswerCache(self._redis, max_bytes=settings.cache_bytes)
        self._auth = Authenticator(
            fetch=partial(document_fetch, settings.keys_url),
            redis=self._redis,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            leeway_s=settings.jwt_leeway_s,
            ttl_s=settings.jwks_ttl_s,
        )
        clients = ClientAddresses(settings.trusted_proxies)
        limiter = Limiter(self._redis, workers=settings.workers, clock=self._loop.time)
        self._pages = pages_app(
            lifespan=self._lifespan,
            document=MergedDocument(
                lambda: self._table, fetch=document_fetch, version=meshop_gateway.VERSION
            ),
            state=self.state,
            version=meshop_gateway.VERSION,
            metrics_dir=settings.prometheus_multiproc_dir,
        )
        self.app = Gateway(
            settings,
            app=self._pages,
            table=self._table,
            guards=Guards(settings, clients=clients, auth=self._auth, limiter=limiter),
            proxy=Proxy(watch=self._watch, cache=self._cache, loop=self._loop),
            clients=clients,
            watch=self._watch,
            telemetry=self._telemetry,
            wire=_wire_limits(settings),
        )

    def drain(self) -> None:
        """Readiness goes off, and every answer from now on closes its connection."""
        self.app.draining = self._pages.state.draining = True
        log.info("draining")

    def reload(self) -> None:
        """Read the route table again. If it is not valid, the present one stays."""
        try:
            table = table_compile(self._source.load(), previous=self._table, loop=self._loop)
        except TableInvalid as error:
            self._reload_error = str(error)
            RELOADS.labels("invalid").inc()
            log.error("route table not loaded", error=str(error))
            return
        self._table = self.app.table = table
        self._loaded_at, self._reload_error = time.time(), ""
        RELOADS.labels("loaded").inc()
        log.info("route table loaded", routes=len(table.routes))

    def state(self) -> dict[str, Any]:
        """For people: what this worker serves, and how it feels."""
        entries, size = self._cache.size
        return {
            "worker": os.getpid(),
            "draining": self.app.draining,
            "requests_in_flight": len(self._watch.flights),
            "loop_lag_ms": round(self._watch.lag * 1000, 2),
            "redis": "up" if self._redis.up else "down",
            "signing_keys": self._auth.key_ids,
            "cache": {"usable": self._cache.usable, "entries": entries, "bytes": size},
            "table": {"loaded_at": self._loaded_at, "error": self._reload_error},
            "upstreams": {name: _upstream_state(self._table, name) for name in self._table.upstreams},
            "routes": {name: _route_state(self._table, name) for name in self._table.routes},
        }

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        watch = self._watch
        watch.often.append(self._redis.check)
        watch.sometimes.append(self._telemetry.flush)
        watch.rarely.extend((self._redis.knock, self._housekeeping, self._measure))
        self._redis.start()
        tasks = [self._loop.create_task(watch.run()), self._loop.create_task(self._auth.keep_fresh())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._redis.stop()
            for upstream in self._table.upstreams.values():
                upstream.close()
            self._telemetry.flush()

    def watch_connections(self, connections: set[Any]) -> None:
        """Look after slow and idle client connections."""

        def check(now: float) -> None:
            for connection in tuple(connections):
                connection.check(now)

        self._watch.sometimes.append(check)

    def _housekeeping(self, now: float) -> None:
        for upstream in self._table.upstreams.values():
            upstream.close_idle(now)
        if self._source.changed():
            self.reload()

    def _measure(self, _now: float) -> None:
        self._telemetry.in_flight(len(self._watch.flights))
        REDIS_UP.set(int(self._redis.up))
        LAG.observe(self._watch.lag)
        for route in self._table.routes.values():
            PLACES.labels(route.template).set(int(route.places.limit))


def _wire_limits(settings: GatewaySettings) -> WireLimits:
    return WireLimits(
        head_bytes=settings.head_bytes,
        head_count=settings.head_count,
        head_timeout_s=settings.head_timeout_s,
        body_stall_s=settings.body_stall_s,
        send_stall_s=settings.send_stall_s,
        idle_timeout_s=settings.idle_timeout_s,
        max_connections=settings.max_connections,
    )


def _upstream_state(table: CompiledTable, name: str) -> dict[str, Any]:
    upstream = table.upstreams[name]
    return {"breaker": upstream.breaker.state.value, "connections": upstream.open, "idle": upstream.idle}


def _route_state(table: CompiledTable, name: str) -> dict[str, Any]:
    route = table.routes[name]
    places = route.places
    return {
        "prefix": route.spec.prefix,
        "upstream": route.upstream.name,
        "in_flight": places.in_flight,
        "concurrency_limit": int(places.limit),
        "usual_ms": round(places.baseline * 1000, 2),
        "shed": places.shed,
    }
