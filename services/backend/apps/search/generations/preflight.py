"""Before anything is made: is there room for another generation beside the one that is searched?"""

from apps.search.errors import DiskShort
from apps.search.generations import stores


def disk_check(*, factor: float) -> None:
    """Raise :class:`DiskShort` unless Elasticsearch has ``factor`` times the searched index free; 0 does not ask.

    Qdrant does not tell how much disk it has: its place is not asked for.
    """
    if factor <= 0:
        return
    used, free = stores.text_store().disk()
    needed = int(used * factor)
    if free < needed:
        raise DiskShort(extra={"free_bytes": free, "needed_bytes": needed, "factor": factor})
