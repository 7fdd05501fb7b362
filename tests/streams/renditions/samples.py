"""Pictures to make smaller ones of, each drawn for what it shows."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 180, 40), (30, 40, 210), (255, 255, 255)


def quartered(width: int, height: int) -> Image.Image:
    """Red and green above blue and white, so that every way to turn it shows; dotted, so that it is worth packing."""
    image = Image.effect_noise((width, height), 20).convert("RGB")
    for number, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        left, top = number % 2 * (width // 2), number // 2 * (height // 2)
        part = image.crop((left, top, left + width // 2, top + height // 2))
        image.paste(Image.blend(part, Image.new("RGB", part.size, colour), 0.9), (left, top))
    return image


def packed(image: Image.Image, kind: str, **how: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def photo(width: int = 640, height: int = 480, kind: str = "JPEG", **how: Any) -> bytes:
    return packed(quartered(width, height), kind, **how)


def corners(image: Image.Image) -> list[str]:
    """What is in its four quarters, from the left above: the nearest of the four colours."""
    seen = image.convert("RGB")
    places = [(x * image.width // 4, y * image.height // 4) for y in (1, 3) for x in (1, 3)]
    return [_name(seen.getpixel(place)) for place in places]


def _name(seen: Any) -> str:
    known = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    return min(known, key=lambda name: sum((a - b) ** 2 for a, b in zip(known[name], seen, strict=True)))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG in grey that says to be so large, with whatever as its pixels."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def png_bomb(width: int, height: int) -> bytes:
    """All black: a thousandth of what it unpacks to."""
    return png_of(width, height, zlib.compress(bytes((width + 1) * height), 9))


def gif_bomb(width: int, height: int) -> bytes:
    """A head that says to be so large, and one pixel."""
    small = bytearray(packed(Image.new("P", (1, 1)), "GIF"))
    small[6:10] = struct.pack("<HH", width, height)
    return bytes(small)


def webp_bomb(width: int, height: int) -> bytes:
    """An extended head that says to be so large, and a small picture."""
    small = packed(Image.new("RGB", (1, 1)), "WEBP")
    head = b"VP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00"
    head += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = b"WEBP" + head + small[12:]
    return b"RIFF" + struct.pack("<I", len(parts)) + parts
