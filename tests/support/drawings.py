"""Pictures that are drawn, not shipped: things on white, as a shop shows them, and copies as others make them."""

import io

import cv2
import numpy as np
from PIL import Image

Pixels = np.ndarray


def thing(seed: int, *, colour: tuple[int, int, int] = (200, 40, 40), side: int = 320) -> Pixels:
    """A disc on white with a print that only this ``seed`` has."""
    chance = np.random.default_rng(seed)
    pixels = np.full((side, side, 3), 255, np.uint8)
    cv2.circle(pixels, (side // 2, side // 2), side * 2 // 5, colour, -1)
    for _ in range(40):
        corner = chance.integers(side // 4, side * 3 // 4, 2)
        size = chance.integers(4, side // 8, 2)
        shade = np.clip(np.array(colour) + chance.integers(-90, 90), 0, 255).tolist()
        cv2.rectangle(pixels, corner.tolist(), (corner + size).tolist(), shade, -1)
    return pixels


def encoded(pixels: Pixels, kind: str = "JPEG", **options: object) -> bytes:
    """The file of a picture."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({"quality": 90} if kind == "JPEG" else {}) | options)
    return file.getvalue()
