"""Things that people bring along: names that nobody used yet, an address, a picture."""

import io
import uuid

from PIL import Image

PASSWORD = "copper-Kettle-42"
ADDRESS = {
    "type": "shipping",
    "full_name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "line2": "Second floor",
    "city": "London",
    "state": "",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "phone": "+44 20 7946 0000",
}


def unique(word: str) -> str:
    """``word`` made unlike any other in this or any parallel run."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def png(size: tuple[int, int] = (8, 6), colour: str = "teal") -> bytes:
    """A small picture."""
    return encoded(Image.new("RGB", size, colour), "PNG")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
