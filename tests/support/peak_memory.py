"""The peak of another process's memory."""

import re
import threading
import time
from contextlib import suppress
from pathlib import Path


class PeakMemory(threading.Thread):
    """Asks Linux for the peak of a process until it ends; ``ru_maxrss`` counts its parent at the fork, too."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status, self.mib = Path(f"/proc/{pid}/status"), 0.0

    def run(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            while found := re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text()):
                self.mib = int(found[1]) / 1024
                time.sleep(0.02)
