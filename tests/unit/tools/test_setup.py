"""`make setup` on machines that lack something."""

import shutil
import subprocess

import pytest

from tools.paths import ROOT


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", tmp_path / "tools")
    return tmp_path


def setup_with(checkout, interpreter: str) -> subprocess.CompletedProcess[str]:
    """Run it where ``interpreter`` (a shell script) is the only Python."""
    programs = checkout / "bin"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").write_text(f"#!/bin/sh\n{interpreter}\n")
    (programs / "python3").chmod(0o755)
    return subprocess.run(
        ["sh", str(checkout / "tools" / "setup.sh")],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_python_is_not_enough(checkout):
    done = setup_with(checkout, "exit 1")
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 was not found: ")
    assert done.stderr.count("\n") == 1


def test_python_without_venv_names_the_package_to_install(checkout):
    done = setup_with(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr
    assert done.stderr.count("\n") == 1
