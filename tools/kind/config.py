"""Names, versions and places of the cluster."""

import os

from tools.paths import BUILD, ROOT
from tools.stack.ai import NAMES

CLUSTER = "meshop"
CONTEXT = f"kind-{CLUSTER}"
NAMESPACE = "shop"
RELEASE = "meshop"
#: ``small`` gives the node no more than 8 GB.
PROFILE = os.environ.get("KIND_PROFILE") or "full"
SMALL_MEMORY = "8g"
#: The ingress on this machine, and the port of the node that it is published from.
HOST_PORT, NODE_PORT = 8080, 30080
URL = f"http://127.0.0.1:{HOST_PORT}"

KUBERNETES = "1.34.4"  # 1.35 refuses cgroup v1 and the containerd of Debian 12
STAGING = "v0.34.4"
ETCD, COREDNS, PAUSE = "3.6.5", "v1.12.1", "3.10.1"
KIND, METRICS_SERVER = "v0.30.0", "v0.7.2"
ISTIO = "v0.0.0-20260827124520-eed52ebb66ad"
ISTIO_TAG = "1.31"
GATEWAY_API = "v1.4.0"
ENVOY = "1.40.0"

HOME = BUILD / "kind"
BIN = HOME / "bin"
KUBECONFIG = HOME / "kubeconfig"
FILES = ROOT / "tools" / "kind" / "files"

#: Taken where a registry answers; elsewhere the node is made here.
PUBLIC_NODE_IMAGE = "kindest/node:v1.34.0"
BASE_IMAGE = "local/meshop-base:bookworm"
PYTHON_IMAGE = "local/meshop-python:bookworm"
NODE_IMAGE = f"local/kind-node:v{KUBERNETES}"
PILOT_IMAGE, PROXY_IMAGE, CNI_IMAGE = (
    f"local/{name}:{ISTIO_TAG}" for name in ("pilot", "proxyv2", "install-cni")
)
#: Folders of the AI services, and the charts' names for them.
AI_SERVICES = {name: name.replace("_", "-") for name in NAMES}
METRICS_IMAGE = f"local/metrics-server:{METRICS_SERVER}"
POSTGRES_IMAGE, REDIS_IMAGE, RABBITMQ_IMAGE, PROMETHEUS_IMAGE = (
    f"local/{name}:bookworm" for name in ("postgresql", "redis", "rabbitmq", "prometheus")
)
