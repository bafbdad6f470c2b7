"""Pictures: decoded whole, drawn anew, hostile files refused before they cost anything."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from apps.products.errors import ImageInvalid
from apps.products.pictures import MAX_SIDE, picture_read
from meshop_shared.errors import PayloadTooLarge


def encoded(format, size=(40, 20), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, format, **options)
    return out.getvalue()


def read(data):
    return picture_read(io.BytesIO(data), size=len(data))


def png_claiming(width, height):
    """A PNG whose header promises far more than it holds."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("format", "stored", "extension"),
    [("JPEG", "JPEG", "jpg"), ("PNG", "PNG", "png"), ("WEBP", "WEBP", "webp"), ("GIF", "PNG", "png")],
)
def test_four_formats_are_read(format, stored, extension):
    picture = read(encoded(format))
    assert (picture.width, picture.height) == (40, 20)
    assert picture.name.endswith(f".{extension}")
    assert Image.open(io.BytesIO(picture.content)).format == stored


def test_equal_pictures_get_equal_names():
    assert read(encoded("PNG")).name == read(encoded("PNG")).name
    assert read(encoded("PNG")).name != read(encoded("PNG", size=(41, 20))).name


def test_large_ones_are_scaled_down():
    picture = read(encoded("PNG", size=(MAX_SIDE * 2, MAX_SIDE)))
    assert (picture.width, picture.height) == (MAX_SIDE, MAX_SIDE // 2)


def test_transparency_is_kept():
    picture = read(encoded("PNG", mode="RGBA"))
    assert Image.open(io.BytesIO(picture.content)).mode == "RGBA"


def test_exif_turns_the_picture_and_is_gone():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010E] = "secret place"
    picture = read(encoded("JPEG", exif=exif, comment=b"secret place"))
    assert (picture.width, picture.height) == (20, 40)
    assert b"secret" not in picture.content
    assert not Image.open(io.BytesIO(picture.content)).getexif()


def test_text_chunks_and_what_is_appended_are_gone():
    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    picture = read(encoded("PNG", pnginfo=info) + b"<?php system('x') ?><script>alert(1)</script>")
    assert b"script" not in picture.content
    assert b"php" not in picture.content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        b"GIF89a" + bytes(7),
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        encoded("PNG")[:60],
        encoded("JPEG", size=(400, 400))[:500],
        encoded("WEBP", size=(400, 400))[:80],
        encoded("GIF", size=(400, 400))[:60],
        encoded("BMP"),
        encoded("TIFF"),
        encoded("PPM"),
        png_claiming(0, 0),
        png_claiming(100, 100),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_whole_picture_is_refused(data):
    with pytest.raises(ImageInvalid):
        read(data)


@pytest.mark.parametrize("side", [7_000, 20_000, 2**31 - 1])
def test_bombs_are_refused_by_their_header(side, monkeypatch):
    monkeypatch.setattr("apps.products.pictures._draw", lambda *args, **kwargs: pytest.fail("it was decoded"))
    with pytest.raises((PayloadTooLarge, ImageInvalid)):
        read(png_claiming(side, side))


def test_large_files_are_refused_unread():
    with pytest.raises(PayloadTooLarge):
        picture_read(io.BytesIO(), size=10**9)
