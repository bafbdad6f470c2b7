"""What the front door documents is what it does: generated requests to every operation of the merged schema.

It comes last, because it leaves odd products and categories behind.

``SCHEMA_EXAMPLES=60`` asks some 7,500 times instead of some hundreds.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
URL = os.environ.get("MESHOP_URL", "")
EXAMPLES = os.environ.get("SCHEMA_EXAMPLES", "5")
CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance"
#: The first two would end the session that the others need, the last would have the shop call made-up addresses.
LEFT_OUT = ("/api/auth/logout/", "/api/auth/change-password/", "/api/webhooks/endpoints/")


def test_every_operation_answers_as_documented(tmp_path):
    credentials = {"email": os.environ["MESHOP_ADMIN_EMAIL"], "password": os.environ["MESHOP_ADMIN_PASSWORD"]}
    access = httpx.post(f"{URL}/api/auth/login/", json=credentials).raise_for_status().json()["access"]
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{URL}/openapi.json",
        "--max-examples", EXAMPLES, "--checks", CHECKS, "--phases", "fuzzing", "--seed", "1",
        "--continue-on-failure", "--no-color", "-H", f"Authorization: Bearer {access}",
    ]  # fmt: skip
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-8_000:]
    generated, passed = re.search(r"(\d+) generated, (\d+) passed", done.stdout).groups()
    assert generated == passed
    assert int(generated) > 60
