"""Places where a test kills the process, to prove that a crash there doubles and leaves nothing."""

import os
import signal

from meshop_operator.settings import operator_settings


def failpoint(kind: str, phase: str, where: str) -> None:
    """Die here by SIGKILL if this is the place that ``MESHOP_FAILPOINT`` names."""
    if operator_settings().meshop_failpoint == f"{kind}:{phase}:{where}":
        os.kill(os.getpid(), signal.SIGKILL)
