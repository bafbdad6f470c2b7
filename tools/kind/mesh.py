"""Gateway API, Istio with its CNI plugin, and metrics-server."""

from tools.charts.helm import helm
from tools.kind import cluster, config, images, programs
from tools.kind.config import FILES, GATEWAY_API, ISTIO
from tools.kind.programs import module_files
from tools.kind.shell import environment, kubectl

SYSTEM = "istio-system"


def ensure_mesh() -> None:
    """Install what is missing and wait until all of it works."""
    programs.build(programs.MESH)
    images.ensure_mesh()
    cluster.load_images([config.PILOT_IMAGE, config.PROXY_IMAGE, config.CNI_IMAGE, config.METRICS_IMAGE])
    definitions = module_files("sigs.k8s.io/gateway-api", GATEWAY_API) / "config/crd/standard"
    kubectl("apply", "--server-side", "--filename", str(definitions))
    charts = module_files("istio.io/istio", ISTIO) / "manifests/charts"
    _release("istio-base", str(charts / "base"))
    _release("istio-cni", str(charts / "istio-cni"), "--values", str(FILES / "istio-cni.yaml"))
    _release(
        "istiod", str(charts / "istio-control/istio-discovery"), "--values", str(FILES / "istiod.yaml"), "--wait"
    )  # fmt: skip
    kubectl("apply", "--filename", str(FILES / "metrics-server.yaml"))
    kubectl("rollout", "status", "--timeout=180s", "--namespace", SYSTEM, "daemonset/istio-cni-node")
    kubectl("rollout", "status", "--timeout=180s", "--namespace", "kube-system", "deployment/metrics-server")


def _release(name: str, chart: str, *options: str) -> None:
    helm(
        "upgrade", "--install", name, chart, "--namespace", SYSTEM, "--create-namespace", "--timeout", "5m", *options,
        environment=environment(),
    )  # fmt: skip
