"""What ``helm test`` runs in a cluster buys here too."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

from tools.paths import ROOT

SCRIPT = ROOT / "charts" / "platform" / "scripts" / "buy.py"


def buy(shop_url, host):
    environment = {"SHOP": shop_url, "SHOP_HOST": host, "DEADLINE_S": "30", "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=environment,
        text=True,
        capture_output=True,
        timeout=90,
        check=False,
    )


def test_somebody_buys(shop_url, staff):
    staff.add_product()
    done = buy(shop_url, urlsplit(shop_url).netloc)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Bought."
    assert "pay: 200" in done.stdout


def test_a_shop_that_refuses_fails_the_test(shop_url):
    done = buy(shop_url, "somebody-else.example")
    assert done.returncode != 0
    assert "register answered 400" in done.stderr
