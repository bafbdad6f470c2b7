"""What a rollout finds before it begins: what stands in its way, the route to use, and who was there first."""

from meshop_operator.api import Api, ApiError
from meshop_operator.kinds import HTTP_ROUTE, MODEL_ROLLOUT, OWNER_LABEL, POD_TEMPLATE, SERVICE
from meshop_operator.rollout import manifests, routes
from meshop_operator.rollout.facts import ENDED, LIVE
from meshop_operator.values import Document, moment_of


async def look_around(
    api: Api, resource: Document, stable: Document | None, canary: Document | None
) -> tuple[tuple[str, str] | None, str, bool]:
    """What stands in the way, and the route to use."""
    spec, service = resource["spec"], resource["spec"]["service"]
    if stable is None:
        return ("StableMissing", f"There is no Deployment {service} (spec.service)."), "", False
    own_service = await api.get(SERVICE, service)
    if own_service is None:
        return ("ServiceMissing", f"There is no Service {service} (spec.service)."), "", False
    if not own_service["spec"].get("selector"):
        return ("ServiceMissing", f"The Service {service} selects no pods."), "", False
    if canary is not None and not belongs(canary, resource) and not is_ours(canary):
        name = canary["metadata"]["name"]
        return ("NameTaken", f"The Deployment {name} is there already, and not ours."), "", False
    for metric in spec.get("metrics", []):
        name = metric.get("job", {}).get("podTemplate")
        if name and await api.get(POD_TEMPLATE, name) is None:
            return ("PodTemplateMissing", f"There is no PodTemplate {name} (spec.metrics)."), "", False
    return await _choose_route(api, resource)


async def _choose_route(api: Api, resource: Document) -> tuple[tuple[str, str] | None, str, bool]:
    wanted, service = resource["spec"].get("route", {}), resource["spec"]["service"]
    if wanted.get("name"):
        found = await api.get(HTTP_ROUTE, wanted["name"])
        if found is None:
            return (
                ("RouteMissing", f"There is no HTTPRoute {wanted['name']} (spec.route.name)."),
                "",
                False,
            )
        if not routes.has_backend(found, service):
            return (
                ("RouteMissing", f"{wanted['name']} sends nothing to {service} (spec.route.name)."),
                "",
                False,
            )
        return None, wanted["name"], False
    own = manifests.route_name(service)
    if "parent" in wanted and wanted["parent"]["kind"] == "Gateway":
        return None, own, True
    try:
        found_routes = await api.list(HTTP_ROUTE)
    except ApiError as error:
        if error.status != 404:
            raise
        return (
            ("GatewayApiMissing", "This cluster has no HTTPRoutes; install the Gateway API."),
            "",
            False,
        )
    there = [
        route["metadata"]["name"]
        for route in found_routes
        if routes.parents_service(route, service) and routes.has_backend(route, service)
        and route["metadata"]["name"] != own
    ]  # fmt: skip
    if len(there) > 1:
        return ("RouteAmbiguous", f"Name one in spec.route.name: {', '.join(sorted(there))}."), "", False
    return None, there[0] if there else own, not there


async def ahead_of(api: Api, resource: Document) -> str:
    """Who rolls something out for this service, or was there first among those that wait."""
    own, service = resource["metadata"], resource["spec"]["service"]
    mine = (own["creationTimestamp"], own["name"])
    for other in await api.list(MODEL_ROLLOUT):
        metadata, status = other["metadata"], other.get("status", {})
        if metadata["uid"] == own["uid"] or other["spec"]["service"] != service:
            continue
        over = moment_of(status, "scaleDownAt")
        has_pods = status.get("phase") in ENDED and over is not None and bool(status.get("replicas"))
        is_first = (metadata["creationTimestamp"], metadata["name"]) < mine
        waits = status.get("phase", "") in ("", "Pending") and is_first and not other["spec"].get("dryRun")
        stuck = any(c["type"] == "Stalled" and c["status"] == "True" for c in status.get("conditions", []))
        if (
            status.get("phase") in LIVE
            or has_pods
            or (waits and not stuck and "deletionTimestamp" not in metadata)
        ):
            return str(metadata["name"])
    return ""


def belongs(child: Document, resource: Document) -> bool:
    """Whether a child is this very object's."""
    owners = child["metadata"].get("ownerReferences", [])
    return any(owner["uid"] == resource["metadata"]["uid"] for owner in owners)


def is_ours(child: Document) -> bool:
    """Whether a child is any rollout's."""
    return (child["metadata"].get("labels") or {}).get(OWNER_LABEL) == MODEL_ROLLOUT.name
