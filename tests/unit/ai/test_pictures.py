"""Pictures of strangers: read small and upright, or refused before they cost anything."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from meshop_shared.errors import PayloadTooLarge
from tests.support.drawings import encoded, thing
from tools.paths import AI, SHARED
from visual_recognition.pictures import SIDE, Limits, PictureInvalid, picture_read

LIMITS = Limits(max_bytes=5_000_000, max_pixels=24_000_000)


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims, and holds, very many white pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (width * 3)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_read_at_most_so_large(kind):
    pixels = picture_read(encoded(thing(1, side=1_500), kind), limits=LIMITS)
    assert pixels.shape == (SIDE, SIDE, 3)
    assert pixels.dtype == np.uint8


def test_a_turned_photo_is_turned_back():
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, :40] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = picture_read(encoded(wide, "JPEG", exif=exif), limits=LIMITS)
    assert pixels.shape == (80, 40, 3)
    assert pixels[5, 20, 0] > 200
    assert pixels[-5, 20, 0] < 50


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    file = io.BytesIO()
    clear.save(file, "PNG")
    assert (picture_read(file.getvalue(), limits=LIMITS) == 255).all()


GOOD = encoded(thing(2), "PNG")
TEXT_CHUNK = struct.pack(">I", 4) + b"zTXt" + b"a\0\0x" + struct.pack(">I", zlib.crc32(b"zTXta\0\0x"))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xd8\xff", b"%PDF-1.7 nothing", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a",
        GOOD[: len(GOOD) // 2], GOOD[:40], b"<?php ?>" + GOOD,
        GOOD[:33] + TEXT_CHUNK + b"\0" * 50, encoded(np.zeros((4, 400, 3), np.uint8), "PNG"),
        encoded(thing(1), "BMP"), encoded(thing(1), "TIFF"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(PictureInvalid):
        picture_read(content, limits=LIMITS)


def test_what_hangs_on_a_picture_is_not_looked_at():
    """A polyglot is the picture that it is; nobody stores or serves the rest."""
    assert picture_read(GOOD + b"PK\x03\x04 <script>alert(1)</script>", limits=LIMITS).shape == (320, 320, 3)


def test_a_chunk_that_claims_gigabytes_gets_none():
    claims = GOOD[:33] + struct.pack(">I", 0x7FFFFFFF) + b"IDAT" + GOOD[41:]
    assert peak_kb(claims, LIMITS.max_pixels)[1] < 20_000


def test_too_many_bytes_are_refused_unread():
    with pytest.raises(PayloadTooLarge):
        picture_read(b"x" * 101, limits=Limits(max_bytes=100, max_pixels=1_000))


_MEMORY = """
import re, sys
from pathlib import Path
from visual_recognition.pictures import Limits, PictureInvalid, picture_read
from meshop_shared.errors import PayloadTooLarge
content = sys.stdin.buffer.read()
def peak():  # of this program alone: what getrusage tells begins with that of whoever started it
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
try:
    picture_read(content, limits=Limits(max_bytes=5_000_000, max_pixels=int(sys.argv[1])))
except PayloadTooLarge:
    print("refused", peak() - before)
except PictureInvalid:
    print("refused", peak() - before)
else:
    print("read", peak() - before)
"""


def peak_kb(content: bytes, max_pixels: int) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(max_pixels)], input=content, capture_output=True, check=True,
        env={"PYTHONPATH": f"{SHARED}:{AI}"},
    )  # fmt: skip
    said, kilobytes = done.stdout.split()
    return said.decode(), int(kilobytes)


def test_a_bomb_of_a_hundred_megapixels_costs_nothing():
    content = bomb(10_000, 10_000)
    assert len(content) < 1_000_000
    said, kilobytes = peak_kb(content, LIMITS.max_pixels)
    assert said == "refused"
    assert kilobytes < 10_000
    # The measure can tell: the same picture, let in, takes the memory of its pixels.
    said, kilobytes = peak_kb(content, 10**9)
    assert said == "read"
    assert kilobytes > 100_000
