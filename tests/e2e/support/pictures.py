"""Uploads that are no picture, or one that means harm."""

import io
import struct
import zlib

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from tests.e2e.support.things import encoded, png

SECRET = "taken-at-home"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it is ``side`` × ``side``."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(64)))
        + _chunk(b"IEND", b"")
    )


def located_photo() -> bytes:
    """A JPEG whose EXIF says where and by whom it was taken, and that lies on its side."""
    image = Image.new("RGB", (40, 20), "teal")
    exif = image.getexif()
    exif[Base.Artist], exif[Base.Orientation] = SECRET, 6
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (51.0, 30.0, 26.0)
    return encoded(image, "JPEG", exif=exif, comment=SECRET.encode())


def html_in_picture() -> bytes:
    """A valid PNG that carries a page with a script."""
    return png() + b"<html><script>alert(1)</script></html>"


HOSTILE = {
    "empty.png": b"",
    "text.png": b"I am a picture, believe me.",
    "page.png": b"<html><script>alert(1)</script></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "cut.png": png((300, 300))[:200],
    "cut.jpg": encoded(Image.effect_noise((300, 300), 90).convert("RGB"), "JPEG")[:2000],
    "program.jpg": b"MZ" + bytes(500),
    "picture.tiff": encoded(Image.new("RGB", (8, 8)), "TIFF"),
    "picture.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) run\n",
    "archive.png": b"PK\x03\x04" + bytes(100),
}


def read(content: bytes) -> Image.Image:
    """Decode a picture that the shop serves."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
