"""The placeholder pictures that demo products share, one per colour."""

from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageColor, ImageDraw

from apps.products.imports.demo.generator import TILE_SIZE, tile_name
from apps.products.imports.demo.vocabulary import COLOURS


def tiles_ensure() -> int:
    """Draw the tiles that the media storage does not have; return how many were drawn."""
    drawn = 0
    for index, (_, hex_colour) in enumerate(COLOURS):
        name = tile_name(index)
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(_tile(hex_colour)))
            drawn += 1
    return drawn


def _tile(hex_colour: str) -> bytes:
    red, green, blue = ImageColor.getrgb(hex_colour)[:3]
    light = tuple(channel + (255 - channel) * 3 // 5 for channel in (red, green, blue))
    tile = Image.new("RGB", (TILE_SIZE, TILE_SIZE), light)
    draw = ImageDraw.Draw(tile)
    edge = TILE_SIZE // 5
    draw.rounded_rectangle((edge, edge * 2, edge * 4, edge * 4), radius=edge // 4, fill=(red, green, blue))
    draw.arc((edge * 2, edge, edge * 3, edge * 3), 180, 360, fill=(red, green, blue), width=edge // 6)
    buffer = BytesIO()
    tile.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
