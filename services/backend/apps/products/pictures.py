"""Reading uploaded pictures. What is stored was drawn by us, pixel by pixel; nothing of the upload's bytes survives."""

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.products.errors import ImageInvalid
from meshop_shared.errors import PayloadTooLarge

MAX_SIDE = 2048
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
#: What Pillow raises for files that lie about themselves.
_BROKEN = (
    OSError,
    SyntaxError,
    struct.error,
    KeyError,
    AttributeError,
    MemoryError,
    ValueError,
    TypeError,
    IndexError,
    OverflowError,
    EOFError,
    ZeroDivisionError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture and the name its content gives it."""

    content: bytes
    name: str
    width: int
    height: int


def picture_read(upload: IO[bytes], *, size: int) -> Picture:
    """Decode and encode anew: upright, at most ``MAX_SIDE`` on a side, without metadata.

    Dimensions are checked on the header, before anything is decoded, so a decompression bomb costs nothing. JPEG and
    WebP keep their format, PNG and the first frame of a GIF become PNG. Raises ``ImageInvalid``, ``PayloadTooLarge``.
    """
    drawn, format = _drawn(upload, size=size, side=MAX_SIDE)
    content = io.BytesIO()
    drawn.save(content, format, **({"quality": 85} if format in ("JPEG", "WEBP") else {"optimize": False}))
    digest = hashlib.sha256(content.getvalue()).hexdigest()[:40]
    return Picture(content.getvalue(), f"{digest}.{_EXTENSIONS[format]}", *drawn.size)


def picture_thumbnail(upload: IO[bytes], *, size: int, side: int) -> bytes:
    """A JPEG of an upload to look at, at most ``side`` on a side, on white where it is transparent; nothing else of it.

    Raises ``ImageInvalid``, ``PayloadTooLarge``, as :func:`picture_read` does.
    """
    drawn, _ = _drawn(upload, size=size, side=side)
    if drawn.mode == "RGBA":
        canvas = Image.new("RGBA", drawn.size, "white")
        canvas.alpha_composite(drawn)
        drawn = canvas.convert("RGB")
    content = io.BytesIO()
    drawn.save(content, "JPEG", quality=90)
    return content.getvalue()


def _drawn(upload: IO[bytes], *, size: int, side: int) -> tuple[Image.Image, str]:
    if size > settings.MESHOP.image_max_bytes:
        raise PayloadTooLarge(f"A picture may have at most {settings.MESHOP.image_max_bytes:,} bytes.")
    try:
        with Image.open(upload, formats=_FORMATS) as image:
            _check_dimensions(*image.size)
            format = "PNG" if image.format == "GIF" else str(image.format)
            return _draw(image, keep_alpha=format != "JPEG", side=side), format
    except _BROKEN as error:
        raise ImageInvalid() from error


def _check_dimensions(width: int, height: int) -> None:
    if width * height > settings.MESHOP.image_max_pixels:
        raise PayloadTooLarge(f"A picture may have at most {settings.MESHOP.image_max_pixels:,} pixels.")
    if width < 1 or height < 1:
        raise ImageInvalid()


def _draw(image: Image.Image, *, keep_alpha: bool, side: int) -> Image.Image:
    """Decode all of it and paint it on a fresh canvas, which has no EXIF, profile, comment or thumbnail."""
    if image.format == "JPEG":
        image.draft("RGB", (side, side))
    image.load()
    has_alpha = keep_alpha and ("A" in image.getbands() or "transparency" in image.info)
    drawn = image.convert("RGBA" if has_alpha else "RGB")
    drawn.thumbnail((side, side))
    upright = ImageOps.exif_transpose(drawn)
    canvas = Image.new(upright.mode, upright.size)
    canvas.paste(upright)
    return canvas
