"""Words that somebody may have meant: those of the catalogue that are one slip of the finger away."""

from collections.abc import Iterable

MIN_LENGTH, MAX_LENGTH = 3, 30
#: So many corrections of one word are looked for; more would be guessing.
MAX_CORRECTIONS = 8


def spellings(word: str) -> set[str]:
    """``word``, and ``word`` without each one of its letters; as ``SearchWord`` keeps them."""
    if not MIN_LENGTH <= len(word) <= MAX_LENGTH or not word.isalpha():
        return set()
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)) if len(word) > MIN_LENGTH)}


def is_one_slip(one: str, other: str) -> bool:
    """Tell whether a letter too many, too few, wrong or swapped with its neighbour makes one of the other."""
    letters = enumerate(zip(one, other, strict=False))
    at = next((at for at, (here, there) in letters if here != there), min(len(one), len(other)))
    left, right = one[at:], other[at:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[:2][::-1] and left[2:] == right[2:])
    )


def neighbours(word: str, candidates: Iterable[str]) -> list[str]:
    """Which other words of the catalogue ``word`` may stand for, the likeliest first."""
    near = (candidate for candidate in set(candidates) if candidate != word and is_one_slip(word, candidate))
    return sorted(near, key=lambda candidate: (candidate[:1] != word[:1], candidate))[:MAX_CORRECTIONS]
