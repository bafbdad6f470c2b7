"""``python -m tools.kind up|load|down|status``. ``up`` may be run again at any time: it does what is missing."""

import argparse
import sys
import time

from tools.charts.helm import HELM
from tools.errors import ToolError
from tools.kind import cluster, config, engine, images, mesh, programs, release


def up() -> None:
    """Everything from nothing to a shop that answers."""
    begin = time.monotonic()
    if not programs.has_go():
        raise ToolError("kind, Helm and Istio are built from Go modules: install Go 1.24 or newer.")
    if not HELM.ensure_built():
        raise ToolError("Helm could not be built; see above.")
    programs.build(programs.TOOLS)
    engine.ensure_engine()
    images.ensure_base()
    cluster.ensure_cluster()
    mesh.ensure_mesh()
    release.load()
    release.install()
    print(release.table())
    status()
    print(f"Ready after {time.monotonic() - begin:.0f} s.")


def load() -> None:
    """Put what changed into the running cluster."""
    release.load()
    release.install()
    print(release.table())


def down() -> None:
    """Remove the cluster; what was built stays in ``build/kind``."""
    if engine.answers() and cluster.exists():
        cluster.delete_cluster()
    engine.stop_engine()


def status() -> None:
    """Where it is, and who may come in."""
    email, password = release.administrator()
    print(f"Meshop: {config.URL}   administrator: {email} {password}")
    print(f"export KUBECONFIG={config.KUBECONFIG}")


COMMANDS = {"up": up, "load": load, "down": down, "status": status}


def main() -> int:
    """Run one command; what a person can mend is said in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.kind", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    try:
        COMMANDS[parser.parse_args().command]()
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
