"""A sign of life for programs that answer no requests: the age of a file tells whether one still works."""

from django.conf import settings

#: How often relay, worker and beat give it, at least.
EVERY_S = 5.0


def heartbeat() -> None:
    """Touch ``HEARTBEAT_FILE``, if there is one. A program that hangs does not come by here."""
    file = settings.MESHOP.heartbeat_file
    if file is not None:
        file.touch()
