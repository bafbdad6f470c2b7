"""What the catalogue does about events."""

from apps.core.events import Event
from apps.core.response_cache import CATALOGUE, stamp_bump


def on_catalogue_changed(event: Event) -> None:
    """Kill the stored answers once more.

    Whoever made the change did so after its commit, unless it died in between. The event was committed with the
    change, so that answers it made untrue end within seconds, not when they expire.
    """
    stamp_bump(CATALOGUE)
