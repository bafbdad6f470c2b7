"""Named places where a test kills the process, to prove that a crash there loses and doubles nothing.

They stand at the commit boundaries of every flow that touches another system. Without ``MESHOP_FAILPOINT`` in the
environment each is one comparison; with it, the process dies by SIGKILL: nothing is flushed, no handler runs.
"""

import os
import signal

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here if this is the place that ``MESHOP_FAILPOINT`` names."""
    if settings.MESHOP.meshop_failpoint == name:
        os.kill(os.getpid(), signal.SIGKILL)
