"""Words of the demo catalogue: departments, their sections and shelves, and what is sold there.

Names are combined as *brand style material noun series*, so that a search for any of them finds a believable set.
All brands and series are invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Department:
    """A top-level category. ``shelves`` maps section to shelf to the things that lie on it."""

    name: str
    brands: tuple[str, ...]
    styles: tuple[str, ...]
    materials: tuple[str, ...]
    prices: tuple[float, float]
    sizes: tuple[str, ...]
    promises: tuple[str, ...]
    shelves: dict[str, dict[str, tuple[str, ...]]]


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

DEPARTMENTS = (
    Department(
        "Kitchen & Dining",
        ("Hearthline", "Oven & Oak", "Platewell", "Saltbay", "Copperfold", "Fennick"),
        ("Classic", "Compact", "Everyday", "Family", "Professional", "Rustic", "Stackable"),
        ("Cast Iron", "Stainless Steel", "Ceramic", "Beech", "Bamboo", "Glass", "Enamel", "Stoneware"),
        (3.0, 140.0),
        ("Small", "Medium", "Large"),
        (
            "goes into the dishwasher",
            "heats evenly",
            "stacks to save room",
            "comes with a ten-year guarantee",
        ),
        {
            "Cookware": {
                "Frying Pans": ("Frying Pan", "Sauté Pan", "Skillet", "Crêpe Pan"),
                "Pots & Casseroles": ("Saucepan", "Casserole Dish", "Stock Pot", "Milk Pan"),
                "Bakeware": ("Cake Tin", "Muffin Tray", "Loaf Tin", "Pie Dish", "Baking Tray"),
            },
            "Tableware": {
                "Plates & Bowls": (
                    "Dinner Plate",
                    "Soup Bowl",
                    "Side Plate",
                    "Pasta Bowl",
                    "Serving Platter",
                ),
                "Mugs & Cups": ("Mug", "Espresso Cup", "Tea Cup", "Travel Mug"),
                "Glasses": ("Wine Glass", "Tumbler", "Water Jug", "Carafe"),
            },
            "Kitchen Tools": {
                "Knives & Boards": ("Chef's Knife", "Bread Knife", "Chopping Board", "Paring Knife"),
                "Gadgets": ("Garlic Press", "Grater", "Peeler", "Measuring Jug", "Kitchen Timer"),
            },
        },
    ),
    Department(
        "Home & Furniture",
        ("Loftwood", "Nordhus", "Plain & Co", "Rookery", "Stillroom", "Tallow House"),
        ("Modern", "Vintage", "Handmade", "Minimal", "Cosy", "Scandinavian", "Folding"),
        ("Oak", "Walnut", "Linen", "Velvet", "Rattan", "Steel", "Marble", "Pine"),
        (6.0, 900.0),
        ("Small", "Medium", "Large"),
        (
            "is put together without tools",
            "fits into small rooms",
            "comes from managed forests",
            "ages gracefully",
        ),
        {
            "Living Room": {
                "Sofas & Chairs": ("Sofa", "Armchair", "Footstool", "Rocking Chair"),
                "Tables": ("Coffee Table", "Side Table", "Console Table"),
                "Cushions & Throws": ("Cushion", "Throw", "Blanket", "Floor Cushion"),
            },
            "Bedroom": {
                "Bedding": ("Duvet Cover", "Pillowcase", "Fitted Sheet", "Quilt"),
                "Storage": ("Wardrobe", "Chest of Drawers", "Bedside Table", "Storage Box"),
            },
            "Decoration": {
                "Lamps": ("Table Lamp", "Floor Lamp", "Pendant Light", "Lantern"),
                "Candles & Vases": ("Scented Candle", "Candle Holder", "Vase", "Tealight Set"),
                "Wall Art": ("Picture Frame", "Wall Clock", "Mirror", "Art Print"),
            },
        },
    ),
    Department(
        "Clothing",
        ("Ashgrove", "Merrow", "Northpeak", "Pennyweight", "Rivet & Thread", "Wrenfield"),
        ("Casual", "Classic", "Relaxed", "Slim", "Striped", "Tailored", "Warm"),
        ("Cotton", "Merino", "Linen", "Denim", "Fleece", "Silk", "Organic Cotton"),
        (6.0, 220.0),
        ("XS", "S", "M", "L", "XL"),
        ("keeps its shape", "is soft on the skin", "washes at 30 degrees", "is cut for movement"),
        {
            "Women": {
                "Dresses": ("Dress", "Summer Dress", "Shirt Dress"),
                "Tops": ("Blouse", "T-Shirt", "Cardigan", "Jumper"),
                "Trousers & Skirts": ("Jeans", "Skirt", "Trousers", "Leggings"),
            },
            "Men": {
                "Shirts": ("Shirt", "Polo Shirt", "T-Shirt", "Overshirt"),
                "Trousers": ("Jeans", "Chinos", "Shorts"),
                "Knitwear": ("Jumper", "Cardigan", "Sweatshirt"),
            },
            "Accessories": {
                "Hats & Scarves": ("Scarf", "Beanie", "Sun Hat", "Gloves"),
                "Bags & Belts": ("Tote Bag", "Backpack", "Belt", "Wallet"),
            },
        },
    ),
    Department(
        "Electronics",
        ("Brightwave", "Corvid", "Halden", "Lumio", "Octave Labs", "Voltera"),
        ("Wireless", "Compact", "Smart", "Portable", "Silent", "Fast", "Rechargeable"),
        ("Aluminium", "Recycled Plastic", "Carbon", "Glass", "Fabric"),
        (8.0, 1400.0),
        (),
        ("pairs in seconds", "lasts all day on one charge", "updates itself", "works without an account"),
        {
            "Audio": {
                "Headphones": ("Headphones", "Earbuds", "Headset"),
                "Speakers": ("Bluetooth Speaker", "Soundbar", "Radio", "Shelf Speaker"),
            },
            "Computing": {
                "Laptops & Tablets": ("Laptop", "Tablet", "Mini PC"),
                "Accessories": ("Keyboard", "Mouse", "USB Hub", "Monitor", "Laptop Stand", "Webcam"),
            },
            "Phones & Wearables": {
                "Phones": ("Smartphone", "Phone Case", "Phone Charger"),
                "Watches": ("Smartwatch", "Fitness Band"),
            },
            "Photo": {
                "Cameras": ("Camera", "Action Camera", "Camera Lens"),
                "Tripods & Bags": ("Tripod", "Camera Bag"),
            },
        },
    ),
    Department(
        "Toys & Games",
        ("Bramble Bear", "Cogwheel", "Little Otter", "Puddlejump", "Tinkerbox"),
        ("Colourful", "Magnetic", "Musical", "Wooden-Style", "Giant", "Travel", "My First"),
        ("Wooden", "Plush", "Cardboard", "Tin", "Felt"),
        (3.0, 90.0),
        (),
        (
            "is tested for small hands",
            "packs away into its box",
            "grows with the child",
            "needs no batteries",
        ),
        {
            "Games": {
                "Board Games": ("Board Game", "Strategy Game", "Memory Game", "Chess Set"),
                "Puzzles": ("Jigsaw Puzzle", "Floor Puzzle", "Brain Teaser"),
            },
            "Toys": {
                "Soft Toys": ("Teddy Bear", "Rabbit", "Elephant", "Dinosaur"),
                "Building": ("Building Blocks", "Train Set", "Marble Run", "Construction Kit"),
                "Pretend Play": ("Doll's House", "Play Kitchen", "Tool Bench", "Puppet"),
            },
        },
    ),
    Department(
        "Garden & Outdoor",
        ("Fieldhouse", "Greenway", "Mossgate", "Spade & Barrow", "Thornbury"),
        ("Weatherproof", "Hardwearing", "Folding", "Traditional", "Lightweight", "Heavy Duty"),
        ("Galvanised Steel", "Teak", "Terracotta", "Canvas", "Acacia", "Cast Aluminium"),
        (4.0, 480.0),
        ("Small", "Medium", "Large"),
        ("stays outside all year", "folds flat", "resists rust", "is easy to clean"),
        {
            "Gardening": {
                "Tools": ("Spade", "Garden Fork", "Secateurs", "Trowel", "Watering Can"),
                "Pots & Planters": ("Plant Pot", "Planter", "Hanging Basket", "Window Box"),
                "Wildlife": ("Bird Feeder", "Nest Box", "Bird Bath", "Insect Hotel"),
            },
            "Outdoor Living": {
                "Garden Furniture": ("Garden Chair", "Bench", "Garden Table", "Hammock", "Parasol"),
                "Barbecues": ("Barbecue", "Fire Pit", "Barbecue Tongs", "Pizza Oven"),
            },
            "Camping": {
                "Tents & Bags": ("Tent", "Sleeping Bag", "Camping Mat"),
                "Camp Kitchen": ("Camping Stove", "Flask", "Cool Box"),
            },
        },
    ),
    Department(
        "Beauty & Health",
        ("Calendula", "Dewpoint", "Herb & Honey", "Seaglass", "Verbena Lane"),
        ("Gentle", "Nourishing", "Refreshing", "Soothing", "Unscented", "Vegan"),
        ("Lavender", "Rose", "Oat", "Shea", "Citrus", "Aloe", "Sea Salt"),
        (2.0, 70.0),
        ("50 ml", "100 ml", "250 ml"),
        (
            "suits sensitive skin",
            "is made in small batches",
            "comes in a refillable bottle",
            "smells of summer",
        ),
        {
            "Skin Care": {
                "Face": ("Face Cream", "Cleanser", "Serum", "Face Mask"),
                "Body": ("Body Lotion", "Hand Cream", "Body Scrub", "Lip Balm"),
            },
            "Bath": {
                "Soap": ("Soap Bar", "Hand Wash", "Shower Gel"),
                "Bath Time": ("Bath Salts", "Bath Oil", "Bubble Bath"),
            },
            "Hair": {"Hair Care": ("Shampoo", "Conditioner", "Hair Oil", "Hair Brush")},
        },
    ),
    Department(
        "Sports & Fitness",
        ("Cadence", "Farstride", "Ironbark", "Summitline", "Wavecrest"),
        ("Adjustable", "Beginner", "Competition", "Lightweight", "Training", "Non-Slip"),
        ("Rubber", "Carbon", "Nylon", "Cork", "Neoprene", "Steel"),
        (4.0, 650.0),
        ("S", "M", "L"),
        ("takes years of use", "dries quickly", "grips when wet", "was tested by athletes"),
        {
            "Fitness": {
                "Weights": ("Dumbbell", "Kettlebell", "Weight Plate"),
                "Yoga": ("Yoga Mat", "Yoga Block", "Foam Roller", "Resistance Band"),
            },
            "Cycling": {
                "Bikes": ("Road Bike", "Mountain Bike", "City Bike"),
                "Bike Accessories": ("Bike Helmet", "Bike Light", "Bike Lock", "Bike Pump"),
            },
            "Running & Water": {
                "Running": ("Running Shoes", "Running Jacket", "Running Belt"),
                "Swimming": ("Swim Goggles", "Swimsuit", "Wetsuit", "Dry Bag"),
            },
        },
    ),
    Department(
        "Stationery & Office",
        ("Foolscap", "Inkwell & Sons", "Marginalia", "Paperwright", "Quillon"),
        ("Classic", "Pocket", "Deluxe", "Recycled", "Lined", "Refillable"),
        ("Leather", "Kraft Paper", "Brass", "Cork", "Linen", "Bamboo"),
        (1.5, 120.0),
        ("A6", "A5", "A4"),
        ("lies flat when open", "takes fountain pen ink", "makes a fine present", "is bound by hand"),
        {
            "Paper": {
                "Notebooks": ("Notebook", "Sketchbook", "Diary", "Address Book"),
                "Cards & Wrap": ("Greeting Card Set", "Gift Wrap", "Gift Tags", "Envelopes"),
            },
            "Writing": {
                "Pens & Pencils": ("Fountain Pen", "Ballpoint Pen", "Pencil Set", "Marker Set"),
                "Desk": ("Desk Organiser", "Pen Pot", "Stapler", "Desk Lamp", "Letter Tray"),
            },
        },
    ),
)
