"""Queries with their right answers on a catalogue of homeware and gifts (UCI Online Retail II), made by open rules.

Nothing is ever tuned on them but what :func:`for_tuning` names. Relevance is binary: an article is right when its name
has the words of the rule. Names are compared by words without a plural's ``s``.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: What the catalogue says → what shoppers say instead.
SAYINGS: Mapping[str, str] = {
    "cushion": "pillow", "bin": "trash can", "bracelet": "bangle", "parasol": "sunshade", "umbrella": "brolly",
    "doormat": "welcome mat", "garland": "streamer", "wrap": "gift paper", "notebook": "journal",
    "purse": "wallet", "frame": "picture holder", "earring": "ear studs", "rabbit": "bunny", "clock": "timepiece",
    "mirror": "looking glass", "bowl": "basin", "tin": "canister", "basket": "hamper", "stool": "seat",
    "apron": "pinafore", "coaster": "drinks mat", "hanger": "peg", "tray": "serving platter", "knob": "handle",
    "jigsaw": "puzzle", "doll": "toy figure", "candlestick": "candle stand", "incense": "joss sticks",
    "sticker": "decal", "birdhouse": "nesting box", "skull": "skeleton head", "christmas": "xmas", "child": "kids",
    "curtain": "drapes", "bucket": "pail", "jug": "pitcher", "cutlery": "silverware", "napkin": "serviette",
    "babushka": "nesting doll", "diamante": "rhinestone", "toadstool": "mushroom", "hen": "chicken",
    "dog": "puppy", "cat": "kitten", "passport": "travel document", "luggage": "suitcase",
    "washbag": "toiletry bag", "thermometer": "temperature gauge", "doorstop": "door wedge", "cabinet": "cupboard",
    "tissue": "handkerchief", "scarf": "shawl", "lantern": "lamp", "necklace": "neck chain", "mug": "cup",
    "ribbon": "bow", "teddy": "stuffed bear", "bunting": "party flags", "letter": "alphabet character",
    "brooch": "pin badge", "money": "cash", "magnet": "fridge decoration", "hook": "coat peg", "plate": "dish",
    "baby": "infant", "wicker": "woven", "picnic": "outdoor meal", "jewel": "gemstone", "sweet": "candy",
    "lampshade": "light cover", "towel": "bath linen", "rucksack": "backpack", "gingham": "checked",
    "spotty": "polka dot",
}  # fmt: skip
#: Words that say which one.
KINDS = (
    "pink", "red", "blue", "white", "black", "green", "ivory", "cream", "silver", "gold", "purple", "heart", "flower",
    "star", "butterfly", "rose", "union", "paisley", "glass", "metal", "wooden", "ceramic", "zinc", "enamel", "crystal",
    "vintage", "retro", "french", "small", "large", "kitchen", "garden",
)  # fmt: skip
#: What shoppers describe → words of which one group must be all in the name, or (with ``-``) must not be.
DESCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "something to keep my drink hot": ("water bottle hot", "hand warmer", "mug cosy", "flask"),
    "container for storing biscuits": ("biscuit", "cookie jar", "cake tin"),
    "decoration to hang on the christmas tree": ("christmas hanging", "christmas bauble", "christmas tree decoration"),
    "holder for small candles": ("t light holder", "tlight holder", "candle holder", "candleholder", "votive holder"),
    "stops rain from getting you wet": ("umbrella", "rain hat", "raincoat", "poncho"),
    "wake me up in the morning": ("alarm clock",),
    "tells you how warm the room is": ("thermometer",),
    "wear around the wrist": ("bracelet",),
    "to write notes in": ("notebook", "note book", "memo pad", "notepad", "jotter"),
    "put under a hot pan to protect the table": ("trivet", "pot stand", "placemat"),
    "cooking gloves": ("oven glove", "oven mitt"),
    "present for a newborn": ("baby",),
    "lights for the garden": ("garden light", "lantern garden", "garden lantern", "solar light", "garden candle"),
    "bag for carrying lunch": ("lunch bag", "lunch box"),
    "bag for grocery shopping": ("shopper", "shopping bag", "eco shop"),
    "keep the door open": ("doorstop", "door stop"),
    "clean your shoes before entering": ("doormat", "door mat"),
    "plaster for a cut finger": ("plaster",),
    "box for my rings and earrings": ("jewellery box", "jewelry box", "trinket box", "trinket pot"),
    "plants and seeds to grow": ("seed", "grow your own", "plant"),
    "serve cakes on several levels": ("cakestand", "cake stand", "cupcake stand"),
    "paper for wrapping presents": ("wrap paper", "gift wrap", "wrapping", "wrap"),
    "things for sewing": ("sewing", "pin cushion", "thimble"),
    "toys for the bath": ("bath duck", "duck", "bath toy"),
    "where birds can live": ("birdhouse", "bird house", "bird box", "nest box"),
    "tidy up pens on the desk": ("pen holder", "pencil pot", "pen pot", "desk tidy", "pencil case", "pencil tin"),
    "protects clothes while cooking": ("apron",),
    "write a greeting to a friend": ("greeting card", "card"),
    "hair accessories for girls": ("hair", "bobble", "slide clip"),
    "cover for the toilet roll": ("toilet roll", "loo roll"),
    "refrigerator ornaments": ("fridge magnet", "magnet"),
    "nice smell for the home": ("scented", "incense", "fragrance", "oil burner", "potpourri", "scent"),
    "spirit level and screwdriver": ("tool", "screwdriver", "spirit level", "tape measure"),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A query and the articles that answer it."""

    slice: str
    text: str
    right: frozenset[int]


def judgements(
    names: Mapping[int, str], *, spoil: Callable[[random.Random, str], str], seed: int = 1
) -> list[Judged]:
    """All queries for a catalogue of ``names`` by id; ``spoil`` makes a typo."""
    words = {key: _words(name) for key, name in names.items()}
    return [*_known(names, words, spoil=spoil, seed=seed), *_paraphrases(words), *_descriptions(words)]


def for_tuning(judged: list[Judged]) -> list[Judged]:
    """Every other query of each slice: weights may be chosen on these, figures are told of the others."""
    return [one for number, one in enumerate(sorted(judged, key=lambda j: (j.slice, j.text))) if number % 2]


def _known(names, words, *, spoil, seed):
    chance = random.Random(seed)
    long = sorted(key for key in names if len(words[key]) >= 3)
    for key in chance.sample(long, min(200, len(long))):
        right = frozenset(other for other, its in words.items() if its == words[key])
        yield Judged("exact", names[key].lower(), right)
        yield Judged("typo", spoil(chance, names[key]), right)


def _paraphrases(words):
    for noun, saying in SAYINGS.items():
        for kind in KINDS:
            right = frozenset(key for key, its in words.items() if {_stem(noun), _stem(kind)} <= its)
            if 1 <= len(right) <= 40:
                yield Judged("paraphrase", f"{kind} {saying}", right)


def _descriptions(words):
    for text, groups in DESCRIPTIONS.items():
        rules = [frozenset(map(_stem, group.split())) for group in groups]
        right = frozenset(key for key, its in words.items() if any(rule <= its for rule in rules))
        if right:
            yield Judged("descriptive", text, right)


def _words(name: str) -> frozenset[str]:
    return frozenset(map(_stem, re.findall(r"[a-z0-9]+", name.lower())))


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
