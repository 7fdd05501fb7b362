"""Pictures to show in a shop: drawn here, uploaded as a seller does."""

from __future__ import annotations

import struct
import zlib

import httpx

from tests.e2e.market import Seller
from tests.e2e.shopper import expect

Colour = tuple[int, int, int]
OAK, SAND, MOSS = (176, 124, 72), (226, 205, 170), (88, 112, 84)


def png(ground: Colour, shape: Colour, width: int = 500, height: int = 400) -> bytes:
    """A slab of one colour on another."""

    def pixel(x: int, y: int) -> Colour:
        return shape if width // 5 < x < width * 4 // 5 and height // 3 < y < height * 2 // 3 else ground

    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


async def hang(http: httpx.AsyncClient, seller: Seller, product_id: str, body: bytes, alt: str = "") -> None:
    """Uploads it and shows it after those that the product has."""
    path = f"/api/products/{product_id}/media"
    wanted = {"type": "image/png", "size": len(body)}
    upload = await seller.shopper.do("POST", f"{path}/uploads", wanted, 201)
    expect(204, await http.put(upload["url"], content=body, headers=upload["headers"]))
    await seller.shopper.do("POST", path, {"mediaId": upload["mediaId"], "alt": alt}, 201)
