"""No failpoint stands anywhere without a test that kills the process there."""

import re

from tools.paths import BACKEND, ROOT

MATRICES = (
    "chaos/test_crash_matrix.py",
    "chaos/test_mail_crashes.py",
    "chaos/test_webhook_crashes.py",
    "integration/generations/test_crash_matrix.py",
    "integration/payments/test_crash_matrix.py",
    "integration/notifications/test_crashes.py",
)


def test_every_failpoint_is_in_a_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps").rglob("*.py"))
    tests = "".join((ROOT / "tests" / name).read_text() for name in MATRICES)
    named = set(re.findall(r'failpoint\("([^"]+)"\)', source))
    assert len(named) > 25
    assert [name for name in sorted(named) if f'"{name}"' not in tests] == []


def test_failpoints_are_named_by_literals():
    """Else the test above would not see them."""
    for path in (BACKEND / "apps").rglob("*.py"):
        if path.name != "failpoints.py":
            calls = re.findall(r"failpoint\(([^)]*)\)", path.read_text())
            assert all(re.fullmatch(r'"[a-z_.]+"', call) for call in calls), path
