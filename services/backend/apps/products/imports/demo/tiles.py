"""The placeholder pictures that demo products share, one per colour."""

from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageColor, ImageDraw

from apps.products.imports.demo.generator import TILE_SIZE, tile_name
from apps.products.imports.demo.vocabulary import COLOURS
from apps.products.imports.errors import ImportFailed


def tiles_ensure() -> int:
    """Draw the tiles that the media storage does not have; return how many were drawn.

    Raises :class:`apps.products.imports.errors.ImportFailed` when they cannot be stored.
    """
    missing = [index for index in range(len(COLOURS)) if not default_storage.exists(tile_name(index))]
    try:
        for index in missing:
            default_storage.save(tile_name(index), ContentFile(_tile(COLOURS[index][1])))
    except OSError as error:
        raise ImportFailed(f"The pictures cannot be written ({error}).") from error
    return len(missing)


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
