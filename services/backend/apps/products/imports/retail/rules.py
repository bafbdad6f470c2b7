"""What we know about Online Retail II (UCI, CC BY 4.0): which codes are no articles, and where an article belongs.

The data has neither categories nor attributes. Words of the description give both: the first rule with a word in it
wins, so occasions stand before materials, and what nothing matches goes to "Gifts & More".
"""

import re
from collections.abc import Iterable

#: Codes that stand for money or for errors, found by looking at every code that is not five digits and letters.
#: PADS is an accounting entry at 0.001, GIFT a voucher.
_NOT_ARTICLES = re.compile(
    r"M|D|S|B|C\d|POST|DOT|BANK CHARGES|AMAZONFEE|CRUK|PADS|ADJUST\d*|TEST\d*|GIFT(_\d+)*", re.IGNORECASE
)
SHIPPING_CODES = frozenset({"POST", "DOT", "C2"})
DISCOUNT_CODES = frozenset({"D"})

_CATEGORIES: tuple[tuple[str, str], ...] = (
    (
        "Seasonal > Christmas",
        "christmas xmas advent reindeer snowflake snowman santa stocking tinsel bauble baubles icicle "
        "noel nativity",
    ),
    (
        "Seasonal > Easter",
        "easter egg eggs bunny chick hen",
    ),
    (
        "Seasonal > Halloween",
        "halloween skull skulls witch",
    ),
    (
        "Party > Cards & Wrap",
        "card cards wrap wraps ribbon ribbons tissue gift-bag envelope envelopes tags",
    ),
    (
        "Party > Decorations",
        "party balloon balloons bunting garland garlands streamer confetti birthday flag flags pennant "
        "rosette sombrero peg place",
    ),
    (
        "Jewellery & Accessories > Jewellery",
        "necklace necklaces neckl bracelet bracelets earring earrings ring brooch bangle pendant charm "
        "charms diamante bead beads choker jewellery jewelled keyring key-ring key-chains",
    ),
    (
        "Jewellery & Accessories > Hair, Hats & Scarves",
        "hair hairband hairclip scarf hat gloves slides bobbles warmer poncho muff",
    ),
    (
        "Jewellery & Accessories > Bags & Purses",
        "bag bags handbag purse shopper jumbo rucksack backpack washbag luggage passport wallet umbrella "
        "umbrellas suitcase umbella",
    ),
    (
        "Home > Candles & Fragrance",
        "candle candles candleholder candlestick t-light tealight t-lights incense votive scented scent "
        "lavender wick burner cones candlepot candelabra matches sandalwood",
    ),
    (
        "Home > Lighting",
        "light lights lamp lampshade lantern lanterns chandelier bulb paperlanterns lightbulb led",
    ),
    (
        "Kitchen > Baking & Cakes",
        "cake cakes cakestand baking cookie cutter cutters muffin cupcake cases icing whisk cooking rolling",
    ),
    (
        "Kitchen > Mugs & Tableware",
        "mug mugs cup cups saucer saucers teapot tea coffee plate plates bowl bowls dish dinner cutlery "
        "napkin napkins coaster coasters jug glass glasses tumbler wine placemat placemats doilies tray "
        "trays breakfast milk egg-cup platter tumblers beaker teaspoons toastrack chopsticks salt pepper "
        "cannister",
    ),
    (
        "Kitchen > Storage & Cooking",
        "kitchen lunch jar jars tin tins bottle bottles bottle-opener apron oven recipe scales colander "
        "pan cosy fridge bread bin chopping spoon timer pantry flask food container snack straws teatowel "
        "teatowels tablecloth squeezer foodcover foodcontainer corkscrew",
    ),
    (
        "Stationery & Craft > Stationery",
        "notebook notebooks pen pens pencil pencils book calendar tape letter letters eraser erasers "
        "sticker stickers ruler rulers stamp stamps journal memo sharpener chalk chalkboard address album "
        "sketchbook scissor scissors postcard postcards crayons colouring writing stationery calculator "
        "memoboard board list paperweight p'weight",
    ),
    (
        "Stationery & Craft > Craft",
        "knitting sewing craft feltcraft crochet knitted fabric patch origami decoupage buttons wool kit "
        "patches iron",
    ),
    (
        "Toys & Games > Toys & Games",
        "toy toys doll dolls dolly jigsaw puzzle game games magic dinosaur spaceboy childs childrens kids "
        "baby teddy skittles harmonica yo-yo domino dominoes playing marbles block blocks circus robot "
        "puppet skipping bank money piggy whistle kite helicopter gliders racing spinning snake snakes "
        "space cadet dolphins stress globe",
    ),
    (
        "Garden & Outdoor > Garden",
        "garden birdhouse bird watering plant planter parasol picnic beach herb trowel bucket shed gnome "
        "windmill wheelbarrow toadstool bee nesting birdfeeder planters gardening gardeners hammock bench "
        "sandcastle mushroom windchime urn",
    ),
    (
        "Bathroom > Bath & Beauty",
        "soap bath bathroom towel towels tissues sponge toothbrush nail manicure shower balm laundry "
        "flannel shell",
    ),
    (
        "Home > Signs & Wall Art",
        "sign signs plaque doorplate wall art print picture canvas number tile tiles door",
    ),
    (
        "Home > Frames & Mirrors",
        "frame frames photo mirror mirrors",
    ),
    (
        "Home > Textiles",
        "cushion cushions cover throw rug blanket quilt curtain doormat mat pillow doorstop beanbag "
        "filler pouffe overall",
    ),
    (
        "Home > Furniture & Storage",
        "cabinet drawer drawers stool chair table shelf shelves rack hook hooks hanger hangers knob box "
        "boxes basket baskets storage stand holder chest trunk tidy clock clocks bookend bookends "
        "cupboard crates chests organiser trinket pegs",
    ),
    (
        "Pets > Dogs & Cats",
        "dog dogs cat cats pet",
    ),
    (
        "Home > Decoration",
        "heart hearts decoration decorations hanging flower flowers vase wreath ornament fairy angel "
        "feather butterfly magnet magnets magnetic ornaments star stars bell bells mobile wicker zinc "
        "crystal crystals ducks fan animal daisy dec painted",
    ),
)
OTHER_CATEGORY = ("Gifts & More",)

_COLOURS = {
    "RED": "Red", "PINK": "Pink", "BLUE": "Blue", "WHITE": "White", "BLACK": "Black", "GREEN": "Green",
    "SILVER": "Silver", "CREAM": "Cream", "IVORY": "Ivory", "GOLD": "Gold", "PURPLE": "Purple", "YELLOW": "Yellow",
    "BROWN": "Brown", "ORANGE": "Orange", "AMBER": "Amber", "FUSCHIA": "Fuchsia", "TURQUOISE": "Turquoise",
    "GREY": "Grey", "COPPER": "Copper", "MULTICOLOUR": "Multicolour",
}  # fmt: skip
_MATERIALS = {
    "GLASS": "Glass", "METAL": "Metal", "WOOD": "Wood", "WOODEN": "Wood", "CERAMIC": "Ceramic", "PAPER": "Paper",
    "FELT": "Felt", "ENAMEL": "Enamel", "ZINC": "Zinc", "WICKER": "Wicker", "COTTON": "Cotton", "ACRYLIC": "Acrylic",
    "PORCELAIN": "Porcelain", "SLATE": "Slate", "KNITTED": "Knitted", "CRYSTAL": "Crystal", "CANVAS": "Canvas",
}  # fmt: skip
_THEMES = {
    "VINTAGE": "Vintage", "RETRO": "Retro", "RETROSPOT": "Polka dot", "POLKADOT": "Polka dot", "SPOTTY": "Polka dot",
    "SPOT": "Polka dot", "HEART": "Hearts", "HEARTS": "Hearts", "FLOWER": "Flowers", "ROSE": "Flowers",
    "FLORAL": "Flowers", "DAISY": "Flowers", "PAISLEY": "Paisley", "GINGHAM": "Gingham", "FRENCH": "French",
    "BUTTERFLY": "Butterflies", "BIRD": "Birds", "WOODLAND": "Woodland", "SPACEBOY": "Spaceboy", "DOLLY": "Dolly girl",
    "BAROQUE": "Baroque", "STRAWBERRY": "Strawberry", "UNION": "Union Jack", "BABUSHKA": "Babushka", "STAR": "Stars",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?:[-'][A-Z]+)*")
_BY_WORD = {
    word: (rank, tuple(path.split(" > ")))
    for rank, (path, words) in reversed(list(enumerate(_CATEGORIES)))
    for word in words.upper().split()
}


def is_article(code: str) -> bool:
    """Whether a code, trimmed and in upper case, is something that lies on a shelf."""
    return _NOT_ARTICLES.fullmatch(code) is None


def category_from(name: str) -> tuple[str, ...]:
    """The category path for a description."""
    found = [_BY_WORD[word] for word in _words(name) if word in _BY_WORD]
    return min(found)[1] if found else OTHER_CATEGORY


def attributes_from(name: str) -> dict[str, str]:
    """Colour and material, the first named of each."""
    words = _words(name)
    found = {"colour": _first(words, _COLOURS), "material": _first(words, _MATERIALS)}
    return {key: value for key, value in found.items() if value}


def tags_from(name: str) -> tuple[str, ...]:
    """Themes that the description names."""
    return tuple(sorted({_THEMES[word] for word in _words(name) if word in _THEMES}))


def _words(name: str) -> list[str]:
    return _WORD.findall(name.upper())


def _first(words: Iterable[str], table: dict[str, str]) -> str:
    return next((table[word] for word in words if word in table), "")
