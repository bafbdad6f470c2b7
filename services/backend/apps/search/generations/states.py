"""The life of a generation."""

from apps.search.errors import GenerationRefused

#: planned → built → verified → swapping → live → kept → deleting → deleted. A kept one may be swapped in again, one
#: that is no use any more is deleted from wherever it is, and a swap that fails goes back to where it came from.
TRANSITIONS: dict[str, frozenset[str]] = {
    "planned": frozenset({"built", "deleting"}),
    "built": frozenset({"verified", "deleting"}),
    "verified": frozenset({"swapping", "deleting"}),
    "swapping": frozenset({"live", "verified", "kept"}),
    "live": frozenset({"kept"}),
    "kept": frozenset({"swapping", "deleting"}),
    "deleting": frozenset({"deleted"}),
    "deleted": frozenset(),
}
#: On the way to be searched; there is one at most.
OPEN = ("planned", "built", "verified", "swapping")


def transition_check(old: str, new: str) -> None:
    """Raise :class:`GenerationRefused` for a step that no generation takes."""
    if new not in TRANSITIONS[old]:
        raise GenerationRefused(extra={"state": old, "asked": new})
