"""The workflows that run on a developer's machine, through the ingress of the cluster."""

import os
import subprocess
import sys
import tarfile
import threading
from io import BytesIO

import pytest

from tools.kind import release
from tools.kind.config import HOME, NAMESPACE, URL
from tools.kind.shell import environment
from tools.paths import ROOT

FOLDER = ROOT / "tests" / "e2e" / "workflows"
#: Each of one or more files: authentication, catalogue, cart, orders, opinions, discovery, decisions, figures.
SUITES = {f"{number:02}": sorted(FOLDER.glob(f"test_{number:02}_*.py")) for number in range(1, 9)}


@pytest.fixture(scope="module")
def mails():
    """The mails that the cluster's workers write, brought here as they come."""
    folder = HOME / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()

    def fetch():
        while not stop.wait(2):
            done = subprocess.run(
                ["kubectl", "exec", "--namespace", NAMESPACE, "deployment/worker-email", "--",
                 "sh", "-c", "cd /tmp/mail 2>/dev/null && tar -cf - ."],
                env=environment(), capture_output=True, timeout=60, check=False,
            )  # fmt: skip
            if done.returncode == 0 and done.stdout:
                with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
                    archive.extractall(folder, filter="data")

    thread = threading.Thread(target=fetch)
    thread.start()
    yield folder
    stop.set()
    thread.join()


@pytest.mark.parametrize("suite", SUITES)
def test_workflow(suite, mails):
    files = [str(file) for file in SUITES[suite]]
    assert files
    email, password = release.administrator()
    shop = {
        "MESHOP_URL": URL,
        "MESHOP_ADMIN_EMAIL": email,
        "MESHOP_ADMIN_PASSWORD": password,
        "MESHOP_MAIL_DIR": str(mails),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT, env={**os.environ, **shop}, text=True, capture_output=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
