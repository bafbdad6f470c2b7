"""Writes what is made from code: ``python -m tools.observability.generate [--write]`` (rules, runbook, dashboards)."""

import argparse
from pathlib import Path

from tools.observability.dashboards import dashboard_files
from tools.observability.rules import RUNBOOK, rules_yaml, runbook_page
from tools.paths import ROOT

CHART = ROOT / "charts" / "observability"


def generated() -> dict[Path, str]:
    """Every file and its text."""
    dashboards = {CHART / "dashboards" / name: text for name, text in dashboard_files().items()}
    return {CHART / "rules" / "meshop.yaml": rules_yaml(), ROOT / RUNBOOK: runbook_page(), **dashboards}


def main() -> None:
    """Say what is out of date, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the files")
    write = parser.parse_args().write
    for path, text in generated().items():
        if path.exists() and path.read_text() == text:
            continue
        print(f"{path.relative_to(ROOT)} {'written' if write else 'is out of date'}.")
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main()
