"""Words of the demo catalogue: departments, their sections and shelves, and what is sold there.

Names are combined as *brand style material noun series*, so that a search for any of them finds a believable set.
All brands and series are invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category of the third level: what is sold there, and for how much (lowest and highest, in whole units)."""

    name: str
    prices: tuple[int, int]
    nouns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A category of the second level, and what its things are made of."""

    name: str
    materials: tuple[str, ...]
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """A top-level category. ``promises`` end the sentence "It ...". Things without colour are made with something."""

    name: str
    brands: tuple[str, ...]
    styles: tuple[str, ...]
    sizes: tuple[str, ...]
    promises: tuple[str, ...]
    sections: tuple[Section, ...]
    coloured: bool = True


COLOURS = (
    ("Red", "#c0392b"), ("Orange", "#d9822b"), ("Yellow", "#e3b505"), ("Green", "#3a7d44"), ("Teal", "#1f7a7a"),
    ("Blue", "#2f6fb0"), ("Navy", "#22335c"), ("Purple", "#7d4e9f"), ("Pink", "#d97a9b"), ("Brown", "#7b5235"),
    ("Grey", "#8a8f98"), ("Black", "#26282b"),
)  # fmt: skip

SERIES = (
    "Alder", "Amber", "Aspen", "Aurora", "Bay", "Birch", "Brook", "Cedar", "Clover", "Coast", "Coral", "Dawn", "Dune",
    "Echo", "Elm", "Ember", "Fern", "Fjord", "Flint", "Glade", "Harbour", "Hazel", "Heath", "Iris", "Ivy", "Juniper",
    "Lark", "Linden", "Maple", "Meadow", "Mist", "Moss", "North", "Oak", "Opal", "Pebble", "Pine", "Quartz", "Reed",
    "Ridge", "Rowan", "Sage", "Sienna", "Slate", "Solstice", "Sorrel", "Thistle", "Tide", "Vale", "Willow",
)  # fmt: skip

# fmt: off
DEPARTMENTS = (
    Department("Kitchen & Dining",
        ("Hearthline", "Oven & Oak", "Platewell", "Saltbay", "Copperfold", "Fennick"),
        ("Classic", "Compact", "Everyday", "Family", "Professional", "Rustic", "Stackable"),
        ("Small", "Medium", "Large"),
        ("goes into the dishwasher", "heats evenly", "stacks to save room", "comes with a ten-year guarantee"), (
        Section("Cookware", ("Cast Iron", "Stainless Steel", "Aluminium", "Enamel", "Copper"), (
            Shelf("Frying Pans", (15, 120), ("Frying Pan", "Sauté Pan", "Skillet", "Crêpe Pan")),
            Shelf("Pots & Casseroles", (18, 180), ("Saucepan", "Casserole Dish", "Stock Pot", "Milk Pan")),
            Shelf("Bakeware", (6, 40), ("Cake Tin", "Muffin Tray", "Loaf Tin", "Pie Dish", "Baking Tray")),
        )),
        Section("Tableware", ("Stoneware", "Porcelain", "Glass", "Bamboo", "Earthenware"), (
            Shelf("Plates & Bowls", (4, 45), ("Dinner Plate", "Soup Bowl", "Side Plate", "Pasta Bowl", "Platter")),
            Shelf("Mugs & Cups", (4, 25), ("Mug", "Espresso Cup", "Tea Cup", "Travel Mug")),
            Shelf("Jugs & Tumblers", (5, 40), ("Tumbler", "Water Jug", "Carafe", "Goblet")),
        )),
        Section("Kitchen Tools", ("Beech", "Olive Wood", "Stainless Steel", "Silicone"), (
            Shelf("Knives & Boards", (8, 110), ("Chef's Knife", "Bread Knife", "Chopping Board", "Paring Knife")),
            Shelf("Gadgets", (3, 25), ("Garlic Press", "Grater", "Peeler", "Measuring Jug", "Kitchen Timer")),
        )),
    )),
    Department("Home & Furniture",
        ("Loftwood", "Nordhus", "Plain & Co", "Rookery", "Stillroom", "Tallow House"),
        ("Modern", "Vintage", "Handmade", "Minimal", "Cosy", "Scandinavian", "Classic"),
        ("Small", "Medium", "Large"),
        ("fits into small rooms", "comes from managed sources", "ages gracefully", "is made to be repaired"), (
        Section("Living Room", ("Oak", "Walnut", "Pine", "Rattan", "Ash"), (
            Shelf("Chairs", (60, 700), ("Armchair", "Footstool", "Rocking Chair", "Dining Chair")),
            Shelf("Tables", (45, 600), ("Coffee Table", "Side Table", "Console Table", "Dining Table")),
            Shelf("Shelves", (25, 350), ("Bookcase", "Wall Shelf", "Sideboard", "Shoe Rack")),
        )),
        Section("Bedroom", ("Linen", "Cotton", "Wool", "Velvet"), (
            Shelf("Bedding", (12, 140), ("Duvet Cover", "Pillowcase", "Fitted Sheet", "Quilt")),
            Shelf("Cushions & Throws", (10, 90), ("Cushion", "Throw", "Blanket", "Floor Cushion")),
        )),
        Section("Decoration", ("Brass", "Glass", "Ceramic", "Marble", "Steel"), (
            Shelf("Lamps", (18, 260), ("Table Lamp", "Floor Lamp", "Pendant Light", "Lantern")),
            Shelf("Candles & Vases", (5, 60), ("Candle Holder", "Vase", "Tealight Holder", "Plant Pot")),
            Shelf("Wall Art", (9, 150), ("Picture Frame", "Wall Clock", "Mirror", "Wall Hook")),
        )),
    )),
    Department("Clothing",
        ("Ashgrove", "Merrow", "Northpeak", "Pennyweight", "Rivet & Thread", "Wrenfield"),
        ("Casual", "Classic", "Relaxed", "Slim", "Striped", "Tailored", "Warm"),
        ("XS", "S", "M", "L", "XL"),
        ("keeps its shape", "is soft on the skin", "washes at 30 degrees", "is cut for movement"), (
        Section("Women", ("Cotton", "Linen", "Silk", "Merino", "Organic Cotton"), (
            Shelf("Dresses", (25, 220), ("Dress", "Summer Dress", "Shirt Dress")),
            Shelf("Tops", (12, 90), ("Blouse", "T-Shirt", "Cardigan", "Jumper")),
            Shelf("Trousers & Skirts", (20, 130), ("Trousers", "Skirt", "Leggings", "Culottes")),
        )),
        Section("Men", ("Cotton", "Linen", "Merino", "Denim", "Corduroy"), (
            Shelf("Shirts", (15, 110), ("Shirt", "Polo Shirt", "T-Shirt", "Overshirt")),
            Shelf("Trousers", (20, 130), ("Trousers", "Chinos", "Shorts")),
            Shelf("Knitwear", (25, 150), ("Jumper", "Cardigan", "Sweatshirt")),
        )),
        Section("Accessories", ("Wool", "Cashmere", "Leather", "Canvas"), (
            Shelf("Hats & Scarves", (10, 80), ("Scarf", "Beanie", "Hat", "Gloves")),
            Shelf("Bags & Belts", (15, 190), ("Tote Bag", "Backpack", "Belt", "Wallet")),
        )),
    )),
    Department("Electronics",
        ("Brightwave", "Corvid", "Halden", "Lumio", "Octave Labs", "Voltera"),
        ("Wireless", "Compact", "Smart", "Portable", "Silent", "Fast", "Rechargeable"),
        (),
        ("pairs in seconds", "lasts all day on one charge", "updates itself", "works without an account"), (
        Section("Audio", ("Aluminium", "Recycled Plastic", "Fabric", "Walnut"), (
            Shelf("Headphones", (18, 350), ("Headphones", "Earbuds", "Headset")),
            Shelf("Speakers", (25, 600), ("Bluetooth Speaker", "Soundbar", "Radio", "Shelf Speaker")),
        )),
        Section("Computing", ("Aluminium", "Carbon", "Recycled Plastic", "Magnesium"), (
            Shelf("Laptops & Tablets", (180, 1900), ("Laptop", "Tablet", "Mini PC")),
            Shelf("Accessories", (9, 240), ("Keyboard", "Mouse", "USB Hub", "Laptop Stand", "Webcam")),
        )),
        Section("Phones & Wearables", ("Titanium", "Glass", "Aluminium", "Silicone"), (
            Shelf("Phones", (120, 1200), ("Smartphone", "Folding Phone")),
            Shelf("Watches", (35, 480), ("Smartwatch", "Fitness Band")),
        )),
        Section("Photo", ("Magnesium", "Carbon", "Aluminium"), (
            Shelf("Cameras", (110, 1800), ("Camera", "Action Camera", "Camera Lens")),
            Shelf("Tripods & Bags", (15, 220), ("Tripod", "Camera Bag", "Lens Case")),
        )),
    )),
    Department("Toys & Games",
        ("Bramble Bear", "Cogwheel", "Little Otter", "Puddlejump", "Tinkerbox"),
        ("Colourful", "Giant", "Travel", "My First", "Classic", "Musical"),
        (),
        ("is tested for small hands", "packs away into its box", "grows with the child", "needs no batteries"), (
        Section("Games", ("Beech", "Cardboard", "Tin", "Cork"), (
            Shelf("Board Games", (8, 60), ("Board Game", "Strategy Game", "Memory Game", "Chess Set")),
            Shelf("Puzzles", (5, 40), ("Jigsaw Puzzle", "Floor Puzzle", "Brain Teaser")),
        )),
        Section("Toys", ("Beech", "Felt", "Plush", "Organic Cotton"), (
            Shelf("Soft Toys", (7, 55), ("Teddy Bear", "Rabbit", "Elephant", "Dinosaur")),
            Shelf("Building", (9, 120), ("Building Blocks", "Train Set", "Marble Run", "Construction Kit")),
            Shelf("Pretend Play", (10, 140), ("Doll's House", "Play Kitchen", "Tool Bench", "Puppet")),
        )),
    )),
    Department("Garden & Outdoor",
        ("Fieldhouse", "Greenway", "Mossgate", "Spade & Barrow", "Thornbury"),
        ("Weatherproof", "Hardwearing", "Traditional", "Lightweight", "Heavy Duty", "Compact"),
        ("Small", "Medium", "Large"),
        ("stays outside all year", "resists rust and rot", "is easy to clean", "comes ready to use"), (
        Section("Gardening", ("Galvanised Steel", "Terracotta", "Copper", "Beech"), (
            Shelf("Tools", (6, 70), ("Spade", "Garden Fork", "Trowel", "Watering Can")),
            Shelf("Pots & Planters", (4, 90), ("Plant Pot", "Planter", "Hanging Basket", "Window Box")),
            Shelf("Wildlife", (6, 60), ("Bird Feeder", "Nest Box", "Bird Bath", "Insect Hotel")),
        )),
        Section("Outdoor Living", ("Teak", "Acacia", "Steel", "Cast Aluminium"), (
            Shelf("Garden Furniture", (35, 780), ("Garden Chair", "Bench", "Garden Table", "Sun Lounger")),
            Shelf("Barbecues", (25, 650), ("Barbecue", "Fire Pit", "Pizza Oven", "Log Store")),
        )),
        Section("Camping", ("Canvas", "Ripstop Nylon", "Recycled Polyester"), (
            Shelf("Tents & Bags", (25, 520), ("Tent", "Sleeping Bag", "Rucksack")),
            Shelf("Camp Comfort", (9, 90), ("Camping Chair", "Hammock", "Picnic Blanket", "Cool Bag")),
        )),
    )),
    Department("Beauty & Health",
        ("Calendula", "Dewpoint", "Herb & Honey", "Seaglass", "Verbena Lane"),
        ("Gentle", "Nourishing", "Refreshing", "Soothing", "Vegan", "Rich"),
        ("50 ml", "100 ml", "250 ml"),
        ("suits sensitive skin", "is made in small batches", "comes in a refillable bottle", "smells of summer"), (
        Section("Skin Care", ("Lavender", "Rose", "Oat", "Shea", "Aloe"), (
            Shelf("Face", (6, 65), ("Face Cream", "Cleanser", "Serum", "Face Mask")),
            Shelf("Body", (4, 35), ("Body Lotion", "Hand Cream", "Body Scrub", "Lip Balm")),
        )),
        Section("Bath", ("Sea Salt", "Citrus", "Eucalyptus", "Lavender"), (
            Shelf("Soap", (3, 18), ("Soap", "Hand Wash", "Shower Gel")),
            Shelf("Bath Time", (5, 30), ("Bath Salts", "Bath Oil", "Bubble Bath")),
        )),
        Section("Hair", ("Argan", "Coconut", "Nettle", "Rosemary"), (
            Shelf("Hair Care", (4, 32), ("Shampoo", "Conditioner", "Hair Oil", "Hair Mask")),
        )),
    ), coloured=False),
    Department("Sports & Fitness",
        ("Cadence", "Farstride", "Ironbark", "Summitline", "Wavecrest"),
        ("Adjustable", "Beginner", "Competition", "Lightweight", "Training", "Non-Slip"),
        ("S", "M", "L"),
        ("takes years of use", "dries quickly", "grips when wet", "was tested by athletes"), (
        Section("Fitness", ("Rubber", "Cork", "Cast Iron", "Neoprene"), (
            Shelf("Weights", (8, 160), ("Dumbbell", "Kettlebell", "Weight Plate")),
            Shelf("Yoga", (6, 90), ("Yoga Mat", "Yoga Block", "Foam Roller", "Resistance Band")),
        )),
        Section("Cycling", ("Carbon", "Steel", "Aluminium"), (
            Shelf("Bikes", (290, 2400), ("Road Bike", "Mountain Bike", "City Bike")),
            Shelf("Bike Accessories", (9, 140), ("Bike Helmet", "Bike Light", "Bike Lock", "Bike Pump")),
        )),
        Section("Running & Water", ("Mesh", "Neoprene", "Recycled Nylon"), (
            Shelf("Running", (12, 170), ("Running Shoes", "Running Jacket", "Running Belt")),
            Shelf("Swimming", (8, 190), ("Swim Goggles", "Swimsuit", "Wetsuit", "Dry Bag")),
        )),
    )),
    Department("Stationery & Office",
        ("Foolscap", "Inkwell & Sons", "Marginalia", "Paperwright", "Quillon"),
        ("Classic", "Pocket", "Deluxe", "Recycled", "Slim", "Refillable"),
        ("A6", "A5", "A4"),
        ("lies flat when open", "takes fountain pen ink", "makes a fine present", "is finished by hand"), (
        Section("Paper", ("Leather", "Kraft Paper", "Linen", "Cork"), (
            Shelf("Notebooks", (3, 45), ("Notebook", "Sketchbook", "Diary", "Address Book")),
            Shelf("Cards & Wrap", (2, 15), ("Greeting Card Set", "Gift Wrap", "Gift Tags", "Envelopes")),
        )),
        Section("Writing", ("Brass", "Bamboo", "Walnut", "Aluminium"), (
            Shelf("Pens & Pencils", (2, 120), ("Fountain Pen", "Ballpoint Pen", "Pencil Set", "Mechanical Pencil")),
            Shelf("Desk", (6, 80), ("Desk Organiser", "Pen Pot", "Stapler", "Letter Tray")),
        )),
    )),
)
# fmt: on
