"""What kopf is for: it watches, and wakes. Nothing is decided here, and nothing is written."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import kopf

from meshop_operator.controller import Controller
from meshop_operator.kinds import CATALOG_REINDEX, GROUP, MODEL_ROLLOUT, NAME_LABEL, OWNER_LABEL, VERSION
from meshop_operator.settings import OperatorSettings

#: A stream ends after so long, whether or not something happens, and another one begins.
WATCH_S = 240
#: How long the server may take to say anything on a stream before it counts as dead.
SILENCE_S = 70.0


class Backoffs:
    """Seconds between attempts to reach the API server: without end, since giving up helps nobody."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.2, 0.5, 1.0)
        while True:
            yield 2.0


def settings_make() -> kopf.OperatorSettings:
    """Settings of kopf: no peering (we have a Lease), no scanning (no rights outside of the namespace), no Events."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.watching.server_timeout = WATCH_S
    settings.watching.client_timeout = WATCH_S + 30
    settings.watching.connect_timeout = 5
    settings.watching.inactivity_timeout = SILENCE_S
    settings.watching.reconnect_backoff = 0.2
    settings.networking.request_timeout = 15
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = Backoffs()
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    return settings


def registry_make(controller: Controller, login: Callable[..., kopf.ConnectionInfo]) -> kopf.OperatorRegistry:
    """Handlers, all of which only wake."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def log_in(**_: Any) -> kopf.ConnectionInfo:
        return login()

    for kind in (CATALOG_REINDEX, MODEL_ROLLOUT):

        @kopf.on.event(GROUP, VERSION, kind.plural, registry=registry, id=kind.plural, param=kind.name)
        def saw(*, param: Any = "", body: kopf.Body, type: str, **_: Any) -> None:
            controller.saw(str(param), dict(body), gone=type == "DELETED")

    @kopf.on.event("batch", "v1", "jobs", registry=registry, labels={OWNER_LABEL: kopf.PRESENT})
    def saw_job(labels: kopf.Labels, **_: Any) -> None:
        controller.wake_owner(labels[OWNER_LABEL], labels.get(NAME_LABEL, ""))

    @kopf.on.event("apps", "v1", "deployments", registry=registry)
    def saw_deployment(name: str, **_: Any) -> None:
        controller.wake_service(name.removesuffix("-canary"))

    @kopf.on.event("gateway.networking.k8s.io", "v1", "httproutes", registry=registry)
    def saw_route(spec: kopf.Spec, **_: Any) -> None:
        names = {ref["name"] for rule in spec.get("rules", []) for ref in rule.get("backendRefs", [])}
        for service in names:
            controller.wake_service(service)

    return registry


def login_make(settings: kopf.OperatorSettings) -> Callable[..., kopf.ConnectionInfo]:
    """How to log in: as the pod's service account, else as the kubeconfig says."""

    def login() -> kopf.ConnectionInfo:
        found = kopf.login_with_service_account(settings=settings) or kopf.login_with_kubeconfig(
            settings=settings
        )
        if found is None:
            raise kopf.LoginError("There is neither a service account nor a kubeconfig.")
        return found

    return login


async def watch(
    controller: Controller, settings: OperatorSettings, login: Callable[..., kopf.ConnectionInfo]
) -> None:
    """Watch the namespace until cancelled."""
    await kopf.operator(
        registry=registry_make(controller, login), settings=settings_make(), standalone=True,
        namespaces=[settings.namespace],
    )  # fmt: skip
