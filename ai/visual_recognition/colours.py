"""Names of colours, for people: the nearest of twelve in CIE L*a*b*."""

from visual_recognition.descriptors import Floats

#: Typical L*, a*, b* of each; several places for those that stretch far.
_NAMES = {
    "black": ((12, 0, 0), (22, 0, 2)),
    "grey": ((50, 0, 0), (70, 0, 0), (35, 0, 0)),
    "white": ((97, 0, 0), (90, 0, 2)),
    "red": ((45, 62, 40), (35, 50, 28), (55, 58, 35)),
    "orange": ((65, 40, 62), (72, 28, 68), (58, 45, 55)),
    "yellow": ((88, -5, 75), (78, 5, 68), (90, -4, 45)),
    "green": ((55, -45, 45), (40, -25, 28), (75, -30, 55), (65, -18, 38), (28, -16, 14)),
    "blue": ((35, 15, -50), (55, -5, -38), (25, 10, -30), (70, -10, -25)),
    "purple": ((35, 40, -35), (30, 25, -20), (50, 30, -30)),
    "pink": ((75, 30, 5), (65, 45, 0), (82, 18, 8)),
    "brown": ((35, 15, 22), (45, 14, 26), (25, 10, 12)),
    "beige": ((85, 3, 16), (75, 6, 22), (65, 8, 22)),
}
#: A colour of less of the subject is not worth naming.
_LEAST_SHARE = 0.12


def colours_named(palette: Floats) -> list[tuple[str, float]]:
    """Names of the main colours and their share, largest first, each once."""
    shares: dict[str, float] = {}
    for lightness, a, b, share in palette.tolist():
        if share > 0:
            name = min(
                _NAMES,
                key=lambda name: min(
                    (lightness - at[0]) ** 2 / 2 + (a - at[1]) ** 2 + (b - at[2]) ** 2 for at in _NAMES[name]
                ),
            )
            shares[name] = shares.get(name, 0.0) + share
    ranked = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
    return [
        (name, share) for number, (name, share) in enumerate(ranked) if number == 0 or share >= _LEAST_SHARE
    ]
