"""Reading pictures of strangers: refused on their header where possible, decoded small, and never trusted."""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from meshop_shared.errors import MeshopError, PayloadTooLarge

Pixels = NDArray[np.uint8]
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
#: What is decoded is at most so large on its longer side; descriptors need far less.
SIDE = 640
#: Narrower pictures show nothing.
_LEAST_SIDE = 8
#: What Pillow raises for files that lie about themselves.
_BROKEN = (
    OSError, SyntaxError, struct.error, zlib.error, KeyError, AttributeError, MemoryError, ValueError, TypeError,
    IndexError, OverflowError, EOFError, ZeroDivisionError, UnidentifiedImageError, Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)  # fmt: skip


class PictureInvalid(MeshopError):
    """400: the bytes are no picture that we read."""

    status = 400
    code = "image_invalid"
    message = "This is not a JPEG, PNG, WebP or GIF picture that can be read."


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be before it is refused unseen."""

    max_bytes: int
    max_pixels: int


def picture_read(content: bytes, *, limits: Limits) -> Pixels:
    """RGB pixels of the first frame, upright, on white where it is transparent, at most ``SIDE`` on a side.

    Size and dimensions are checked before anything is decoded; a JPEG is decoded at an eighth to the whole of its
    size, whichever is enough. Raises :class:`PictureInvalid`, ``PayloadTooLarge``.
    """
    if len(content) > limits.max_bytes:
        raise PayloadTooLarge(f"A picture may have at most {limits.max_bytes:,} bytes.")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > limits.max_pixels:
                raise PayloadTooLarge(f"A picture may have at most {limits.max_pixels:,} pixels.")
            if min(width, height) < _LEAST_SIDE:
                raise PictureInvalid(f"A picture has at least {_LEAST_SIDE} pixels on a side.")
            return _decode(image)
    except _BROKEN as error:
        raise PictureInvalid() from error


def _decode(image: Image.Image) -> Pixels:
    if image.format == "JPEG":
        image.draft("RGB", (SIDE, SIDE))
    image.load()
    image.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    drawn: Image.Image = ImageOps.exif_transpose(image)
    if "A" in drawn.getbands() or "transparency" in drawn.info:
        drawn = drawn.convert("RGBA")
        canvas = Image.new("RGBA", drawn.size, "white")
        canvas.alpha_composite(drawn)
        drawn = canvas
    return np.asarray(drawn.convert("RGB"))
