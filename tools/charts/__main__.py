"""``python -m tools.charts``: make Helm, and every chart whole, so that ``helm install`` needs no other step."""

import sys

from tools.charts.assemble import CHARTS, assemble, chart_names, dependency_names, mark_current
from tools.charts.helm import HELM, helm


def main() -> int:
    """Assemble and lint all charts; say where they are."""
    if not HELM.ensure_built():
        print(f"Helm {HELM.version} is built from its Go module, which needs Go 1.24 and a module proxy.")
        return 1
    print(f"helm: {HELM.path}")
    for chart in chart_names():
        folder = assemble(chart)
        mark_current(folder)
        if dependency_names(chart):
            helm("lint", str(folder), "--kube-version", "1.34.0")
            print(f"{chart}: {folder}")
    print(f"Values are explained in {CHARTS.name}/<chart>/values.yaml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
