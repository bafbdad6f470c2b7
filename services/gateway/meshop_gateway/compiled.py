"""Routes and upstreams at work, made from a validated table. What a reload did not change keeps its state."""

import asyncio
from collections.abc import Mapping

from meshop_gateway.limits import Limit
from meshop_gateway.routes import PrefixTable, RouteSpec, TableSpec
from meshop_gateway.shed import AdaptiveLimit
from meshop_gateway.upstream import Upstream


class Route:
    """A route with everything that a request needs, looked up once."""

    __slots__ = (
        "allow",
        "cache",
        "check_revoked",
        "cut",
        "fallback",
        "hedge_s",
        "limits",
        "methods",
        "places",
        "retries",
        "spec",
        "template",
        "timeout_s",
        "upstream",
        "wants_user",
    )

    def __init__(self, spec: RouteSpec, upstream: Upstream, places: AdaptiveLimit) -> None:
        self.spec, self.upstream, self.places = spec, upstream, places
        # What every request asks for is here itself: with many routes, each object less is a cache line less.
        self.template, self.timeout_s = spec.template, spec.timeout_s
        self.cache, self.check_revoked = spec.cache, spec.check_revoked
        self.retries, self.hedge_s = spec.retries, spec.hedge_s
        #: The same route to the upstream that is asked when this one fails.
        self.fallback: Route | None = None
        self.methods = frozenset(spec.methods)
        self.allow = ", ".join(spec.methods)
        self.limits = tuple(Limit(limit, route=spec.name) for limit in spec.limits)
        self.wants_user = spec.auth.mode == "required" or (
            spec.auth.mode == "identify" and any(limit.per == "user" for limit in spec.limits)
        )
        #: How many segments of the path the upstream does not see.
        self.cut = spec.prefix.rstrip("/").count("/") if spec.strip_prefix else 0


class CompiledTable:
    """A table ready to serve."""

    def __init__(self, routes: Mapping[str, Route], upstreams: Mapping[str, Upstream]) -> None:
        self.routes, self.upstreams = routes, upstreams
        self._prefixes = PrefixTable((route.spec.prefix, route) for route in routes.values())
        self.find = self._prefixes.find


def table_compile(
    spec: TableSpec, *, previous: CompiledTable | None, loop: asyncio.AbstractEventLoop
) -> CompiledTable:
    """Build ``spec``. Upstreams and concurrency limits that are as in ``previous`` are taken over from it."""
    upstreams = {}
    for name, upstream_spec in spec.upstreams.items():
        old = previous.upstreams.get(name) if previous else None
        upstreams[name] = old if old and old.spec == upstream_spec else Upstream(name, upstream_spec, loop)
    routes = {}
    for route_spec in spec.routes:
        before = previous.routes.get(route_spec.name) if previous else None
        keep = before is not None and before.spec == route_spec
        places = before.places if before is not None and keep else _places(route_spec, loop)
        route = routes[route_spec.name] = Route(route_spec, upstreams[route_spec.upstream], places)
        if route_spec.fallback is not None:
            kept = before.fallback if before is not None and keep else None
            spare = kept.places if kept is not None else _places(route_spec, loop)
            route.fallback = Route(route_spec, upstreams[route_spec.fallback], spare)
    for name, upstream in (previous.upstreams if previous else {}).items():
        if upstreams.get(name) is not upstream:
            upstream.close()
    return CompiledTable(routes, upstreams)


def _places(spec: RouteSpec, loop: asyncio.AbstractEventLoop) -> AdaptiveLimit:
    return AdaptiveLimit(
        floor=spec.concurrency_min,
        ceiling=spec.concurrency_max,
        target_s=spec.latency_target_s,
        queue_s=spec.queue_s,
        loop=loop,
    )
