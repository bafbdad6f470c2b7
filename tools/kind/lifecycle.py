"""The cluster with everything in it: made, found again, removed. Each step does what is missing."""

import time
from concurrent.futures import ThreadPoolExecutor

from tools.charts.helm import HELM
from tools.errors import ToolError
from tools.kind import cluster, engine, images, mesh, programs, release


def up() -> None:
    """Everything from nothing to a shop that answers."""
    if not programs.has_go():
        raise ToolError("kind, Helm and Istio are built from Go modules: install Go 1.24 or newer.")
    steps = {
        "Helm": _build_helm,
        "the engine": engine.ensure_engine,
        "programs and images": _build,
        "the cluster": cluster.ensure_cluster,
        "the mesh, and the images in the cluster": _fill,
        "the shop": release.install,
    }
    for name, step in steps.items():
        begin = time.monotonic()
        step()
        print(f"  {name}: {time.monotonic() - begin:.0f} s", flush=True)


def is_up() -> bool:
    """Whether an engine runs and the cluster in it answers."""
    return engine.answers() and cluster.answers()


def down() -> None:
    """Remove the cluster, and stop the engine if it was started here; what was built stays in ``build/kind``."""
    if engine.answers() and cluster.exists():
        cluster.delete_cluster()
    engine.stop_engine()


def _build_helm() -> None:
    if not HELM.ensure_built():
        raise ToolError("Helm could not be built; see above.")


def _build() -> None:
    """Programs take the processor, images the network: both at once."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        others = pool.submit(_build_images)
        programs.build(programs.TOOLS)
        cluster.build_node_programs()
        programs.build(programs.MESH)
        others.result()


def _fill() -> None:
    """The mesh waits for its pods most of the time, the images for the disk: both at once."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        loaded = pool.submit(release.load)
        mesh.ensure_mesh()
        loaded.result()


def _build_images() -> None:
    images.ensure_base()
    images.ensure_platform()
    images.ensure_envoy()
