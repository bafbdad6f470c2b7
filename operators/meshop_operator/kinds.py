"""Kinds of objects that the operator reads or writes; its rights in the chart are these and no more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of object, and where the API server keeps it."""

    name: str
    api_version: str
    plural: str

    @property
    def root(self) -> str:
        """The beginning of its addresses."""
        return f"/{'apis' if '/' in self.api_version else 'api'}/{self.api_version}"


GROUP, VERSION = "meshop.io", "v1alpha1"
CATALOG_REINDEX = Kind("CatalogReindex", f"{GROUP}/{VERSION}", "catalogreindexes")
MODEL_ROLLOUT = Kind("ModelRollout", f"{GROUP}/{VERSION}", "modelrollouts")
JOB = Kind("Job", "batch/v1", "jobs")
DEPLOYMENT = Kind("Deployment", "apps/v1", "deployments")
HTTP_ROUTE = Kind("HTTPRoute", "gateway.networking.k8s.io/v1", "httproutes")
SERVICE = Kind("Service", "v1", "services")
POD = Kind("Pod", "v1", "pods")
POD_TEMPLATE = Kind("PodTemplate", "v1", "podtemplates")
EVENT = Kind("Event", "v1", "events")
LEASE = Kind("Lease", "coordination.k8s.io/v1", "leases")

#: Children say whose they are by this label, whose value is the owner's kind, and by their owner reference.
OWNER_LABEL = f"{GROUP}/owner-kind"
NAME_LABEL = f"{GROUP}/owner"
RUN_LABEL = f"{GROUP}/run"
FINALIZER = f"{GROUP}/operator"
#: The way out when a clean-up cannot succeed: with this annotation an object goes at once.
SKIP_CLEANUP = f"{GROUP}/skip-cleanup"
