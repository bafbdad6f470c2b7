"""Prometheus in the cluster, with the platform's dashboards and rules: ``python -m tools.kind observe``.

A release of its own, so that the shop neither waits for it nor falls with it. For drills its rules look at shorter
windows, and the shop has switches for faults.
"""

from tools.charts.assemble import assemble
from tools.charts.helm import helm
from tools.kind import cluster, config, images, release
from tools.kind.config import BASE_IMAGE, FILES, HOME, NAMESPACE
from tools.kind.shell import environment
from tools.observability.rules import rules_yaml

#: The platform's values-observed.yaml lets the pods of this release in.
RELEASE = "meshop-observability"


def observe(*, shorten: float = 1, faults: bool = False) -> None:
    """Let Prometheus in, give the shop its switches or take them away, and install or upgrade Prometheus.

    Windows of the rules are divided by ``shorten``.
    """
    image = config.PROMETHEUS_IMAGE
    images.image_build(image, FILES / "store.Dockerfile", BASE=BASE_IMAGE, PACKAGE="prometheus")
    cluster.load_images([image])
    allowed = assemble("platform") / "values-observed.yaml"
    switches = f"global.store.env.MESHOP_FAULTS={'on' if faults else 'off'}"
    release.install("--values", str(allowed), "--set-string", switches)
    rules = HOME / "rules.yaml"
    rules.write_text(rules_yaml(shorten=shorten))
    chart = assemble("observability")
    helm(
        "upgrade", "--install", RELEASE, str(chart), "--namespace", NAMESPACE,
        "--values", str(chart / "values-kind.yaml"), "--set-file", f"rules.text={rules}",
        "--wait", "--timeout", "5m",
        environment=environment(),
    )  # fmt: skip
