"""One bare API server for all tests of the operator; each test has a namespace of its own if it needs one."""

import shutil

import pytest

from tests.support.kube_api import KubeApi, missing


@pytest.fixture(scope="session")
def kube(tmp_path_factory):
    if reason := missing():
        pytest.skip(f"No API server can be started: {reason}.")
    server = KubeApi(tmp_path_factory.mktemp("kube"))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
